"""The verdict chain: one ordered list of rules, the same for the centre and for the terminal alone (law 6)."""

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
    served: bool, the offer has a discount for the tier · booked: bool, False without the booking that it asks for ·
    used, limit: uses in the period, 0 = no limit.
    """

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
        self.booked = True
        self.used = 0
        self.limit = 0


def refused_before_lookup(f):
    """The reason that needs neither list nor database, or None: asked first, so that a bad number is never looked up."""
    if not is_member_id(f.member):
        return "malformed_number"
    if not f.sender:
        return "wrong_sender"
    if f.now is None:
        return "clock_unset"
    if not months.is_month(f.month):
        return "month_unknown"
    current = months.month_of(f.now)
    if f.month < current and not months.in_grace(f.month, f.now, f.grace_hours):
        return "month_past"
    if f.month > current:
        return "month_future"
    if f.suspended:
        return "terminal_suspended"
    return None


def decide(f):
    """The reason (str) that the whole chain gives for the facts ``f``: the first rule that fires, in this order."""
    reason = refused_before_lookup(f) or f.list_fault
    if reason:
        return reason
    if f.tier == BLOCKED:
        return "blocked"
    if f.outside:
        return "outside_list"
    # A claim in grace is judged as of its own month's last second, so a trial that ended then stays ended.
    moment = min(f.now, months.starts(months.shifted(f.month, 1)) - 1)
    if f.tier is None or (f.ends and moment >= f.ends):
        return "not_member"
    if f.online_only and not f.online:
        return "online_only"
    if not f.served:
        return "not_for_tier"
    if not f.booked:
        return "not_booked"
    if f.limit and f.used >= f.limit:
        return "limit_reached"
    return VALID
