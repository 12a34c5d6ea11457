"""The named reasons of a verdict, in the order of the chain (law 6; `not_booked` stands before `limit_reached`), with the code
that records carry.

Codes are never reused: a record of three years ago must still say what it said.
"""

VALID = "valid"

CODES = {
    "valid": 0,
    "malformed_number": 1,
    "wrong_sender": 2,
    "clock_unset": 3,
    "month_unknown": 4,
    "month_past": 5,
    "month_future": 6,
    "terminal_suspended": 7,
    "list_missing": 8,
    "list_damaged": 9,
    "list_too_old": 10,
    "blocked": 11,
    "outside_list": 12,
    "not_member": 13,
    "online_only": 14,
    "not_for_tier": 15,
    "limit_reached": 16,
    "not_booked": 17,
}

# What keeps a verdict from being final: with the network back the centre can answer what the list cannot.
GO_ONLINE = ("list_missing", "list_damaged", "list_too_old", "outside_list", "online_only")


def name(code):
    """The reason of a ``code``; ``KeyError`` when there is none."""
    for reason in CODES:
        if CODES[reason] == code:
            return reason
    raise KeyError(code)
