"""The verdict chain: one ordered table of rules, the same for the centre and for the terminal alone (law 6)."""

from protocol import month as months
from protocol.member import is_member_id
from protocol.reasons import VALID
from protocol.tiers import BLOCKED

SENDER = "10620007"


class Facts:
    """What one path knows about one check. The fields are the inputs of the chain and nothing else decides.

    member: str as keyed · sender: bool, the SMS came from `SENDER` · month: YYYYMM it names · now: Unix seconds, None when
    the clock is unset · grace_hours: int · suspended: bool · list_fault: None online; offline None or one of
    ``list_missing``, ``list_damaged``, ``list_too_old`` · outside: bool, no prefix of the list fits · tier: code, None when
    the number is not a member's · ends: Unix seconds a trial ends, 0 for never · online: bool · online_only: bool ·
    served: bool, the offer has a discount for the tier · used, limit: uses in the period, 0 = no limit.
    """

    __slots__ = (
        "member", "sender", "month", "now", "grace_hours", "suspended", "list_fault", "outside",
        "tier", "ends", "online", "online_only", "served", "used", "limit",
    )  # fmt: skip

    def __init__(self, member, sender, month, now, grace_hours=0):
        self.member = member
        self.sender = sender
        self.month = month
        self.now = now
        self.grace_hours = grace_hours
        self.suspended = False
        self.list_fault = None
        self.outside = False
        self.tier = None
        self.ends = 0
        self.online = False
        self.online_only = False
        self.served = True
        self.used = 0
        self.limit = 0


def _month_past(f):
    return f.month < months.month_of(f.now) and not months.in_grace(f.month, f.now, f.grace_hours)


def _not_member(f):
    # A claim in grace is judged as of its own month's last second, so a trial that ended then stays ended.
    moment = min(f.now, months.starts(months.shifted(f.month, 1)) - 1)
    return f.tier is None or (f.ends and moment >= f.ends)


# Each rule: the reason it gives, and what makes it fire. The first that fires is the verdict.
BEFORE_LOOKUP = (
    ("malformed_number", lambda f: not is_member_id(f.member)),
    ("wrong_sender", lambda f: not f.sender),
    ("clock_unset", lambda f: f.now is None),
    ("month_unknown", lambda f: not months.is_month(f.month)),
    ("month_past", _month_past),
    ("month_future", lambda f: f.month > months.month_of(f.now)),
    ("terminal_suspended", lambda f: f.suspended),
)
AFTER_LOOKUP = (
    ("list_missing", lambda f: f.list_fault == "list_missing"),
    ("list_damaged", lambda f: f.list_fault == "list_damaged"),
    ("list_too_old", lambda f: f.list_fault == "list_too_old"),
    ("blocked", lambda f: f.tier == BLOCKED),
    ("outside_list", lambda f: f.outside),
    ("not_member", _not_member),
    ("online_only", lambda f: f.online_only and not f.online),
    ("not_for_tier", lambda f: not f.served),
    ("limit_reached", lambda f: f.limit and f.used >= f.limit),
)


def _first(rules, facts):
    for reason, fires in rules:
        if fires(facts):
            return reason
    return None


def refused_before_lookup(facts):
    """The reason that needs neither list nor database, or None: asked first, so that a bad number is never looked up."""
    return _first(BEFORE_LOOKUP, facts)


def decide(facts):
    """The reason (str) that the whole chain gives for ``facts``."""
    return _first(BEFORE_LOOKUP, facts) or _first(AFTER_LOOKUP, facts) or VALID
