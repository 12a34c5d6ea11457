"""The named reasons of a verdict, in the order of the chain (law 6; `not_booked` stands before `limit_reached`), with the code
that records carry.

Codes are never reused: a record of three years ago must still say what it said.
"""

VALID = "valid"

# In the order of their codes. One text: as a table they would take a terminal twice as much.
_NAMES = (
    " valid malformed_number wrong_sender clock_unset month_unknown month_past month_future terminal_suspended list_missing"
    " list_damaged list_too_old blocked outside_list not_member online_only not_for_tier limit_reached not_booked "
)
CODES = {name: code for code, name in enumerate(_NAMES.split())}

# What keeps a verdict from being final: with the network back the centre can answer what the list cannot.
GO_ONLINE = ("list_missing", "list_damaged", "list_too_old", "outside_list", "online_only")


def reason_of(code):
    """The reason of a ``code``; ``KeyError`` when there is none."""
    for reason in CODES:
        if CODES[reason] == code:
            return reason
    raise KeyError(code)


def code_of(reason):
    """Its code; ``ValueError`` when there is no such reason."""
    return _NAMES.count(" ", 0, _NAMES.index(" " + reason + " "))


def is_reason(text):
    """Whether ``text`` is the name of a reason."""
    return " " not in text and " " + text + " " in _NAMES
