"""The verdict chain (laws 5 and 6): every reason reachable, in the written order, on both paths."""

from protocol import month
from protocol.member import grouped, is_member_id, masked
from protocol.reasons import CODES, code_of, is_reason, reason_of
from protocol.verdict import Facts, decide, refused_before_lookup

NOW = month.unix(2026, 12, 10, 14, 32)


def facts(**changes):
    f = Facts("13800138000", True, 202612, NOW)
    f.tier = 2
    for change in changes:
        setattr(f, change, changes[change])
    return f


# In the order of the chain: what makes each rule fire.
BREAKS = (
    ("malformed_number", {"member": "12800138000"}),
    ("wrong_sender", {"sender": False}),
    ("clock_unset", {"now": None}),
    ("month_unknown", {"month": 0}),
    ("month_past", {"month": 202611}),
    ("month_future", {"month": 202701}),
    ("terminal_suspended", {"suspended": True}),
    ("list_missing", {"list_fault": "list_missing"}),
    ("list_damaged", {"list_fault": "list_damaged"}),
    ("list_too_old", {"list_fault": "list_too_old"}),
    ("blocked", {"tier": 0}),
    ("outside_list", {"outside": True, "tier": None}),
    ("not_member", {"tier": None}),
    ("online_only", {"online_only": True}),
    ("not_for_tier", {"served": False}),
    ("not_booked", {"booked": False}),
    ("limit_reached", {"limit": 1, "used": 1}),
)


def test_each_reason_is_reached():
    assert decide(facts()) == "valid"
    for reason, changes in BREAKS:
        assert decide(facts(**changes)) == reason, reason
    assert set(CODES) == {reason for reason, _ in BREAKS} | {"valid"}


def test_earlier_rule_wins_over_every_later_one():
    for first in range(len(BREAKS)):
        for second in range(first + 1, len(BREAKS)):
            changes = dict(BREAKS[second][1])
            changes.update(BREAKS[first][1])
            # Two rules about the same fact can't both be broken.
            if set(BREAKS[first][1]) & set(BREAKS[second][1]):
                continue
            assert decide(facts(**changes)) == BREAKS[first][0], (BREAKS[first][0], BREAKS[second][0])


def test_online_only_refuses_offline_alone():
    assert decide(facts(online_only=True, online=True)) == "valid"


def test_blocked_wins_over_outside_and_limit():
    assert decide(facts(tier=0, outside=True, limit=1, used=5)) == "blocked"


def test_trial_ends_at_its_second():
    assert decide(facts(ends=NOW + 1)) == "valid"
    assert decide(facts(ends=NOW)) == "not_member"


def test_grace_judges_a_trial_as_of_its_own_month():
    first = month.starts(202612)
    graced = {"month": 202611, "now": first + 60, "grace_hours": 2}
    assert decide(facts(**graced)) == "valid"
    assert decide(facts(ends=first, **graced)) == "valid"
    assert decide(facts(ends=first - 1, **graced)) == "not_member"


def test_lookup_is_not_asked_for_what_needs_none():
    for reason, changes in BREAKS[:7]:
        assert refused_before_lookup(facts(**changes)) == reason
    assert refused_before_lookup(facts(tier=None)) is None


def test_codes_are_unique_and_named():
    assert sorted(CODES.values()) == list(range(len(CODES)))
    for reason in CODES:
        assert reason_of(CODES[reason]) == reason
        assert code_of(reason) == CODES[reason] and is_reason(reason)
    for wrong in ("", " ", "val", "valid ", "valid malformed_number"):
        assert not is_reason(wrong), wrong


def test_member_ids():
    assert is_member_id("13800138000") and is_member_id("19900000000")
    for wrong in ("", "1380013800", "138001380001", "12800138000", "23800138000", "1380013800x", "1380013800\u0665"):
        assert not is_member_id(wrong), wrong
    assert [grouped("13800138000"[:n]) for n in (0, 3, 4, 8, 11)] == ["", "138", "138 0", "138 0013 8", "138 0013 8000"]
    assert masked("13800138000") == "138****8000"
