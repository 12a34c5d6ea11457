"""Marks on records that were taken in although something about them is odd. Bits are never reused."""

LATE = 1  # came more than LATE_AFTER_S after it was made
AHEAD = 2  # its clock was more than AHEAD_S ahead of ours
SUSPENDED = 4  # terminal or merchant was suspended when it was made
CLOCK_UNPROVED = 8  # the time came from a supervisor, a floor or nowhere
AFTER_GAP = 16  # records before it are missing
OFFER_UNKNOWN = 32  # the merchant has no such offer
UNREADABLE = 64  # kind 0: its bytes are kept, see quarantine
FENCED = 128  # made by hardware the terminal no longer lives on

LATE_AFTER_S = 86_400
AHEAD_S = 600

NAMES = {
    LATE: "late",
    AHEAD: "ahead",
    SUSPENDED: "suspended",
    CLOCK_UNPROVED: "clock_unproved",
    AFTER_GAP: "after_gap",
    OFFER_UNKNOWN: "offer_unknown",
    UNREADABLE: "unreadable",
    FENCED: "fenced",
}


def names(marks: int) -> list[str]:
    """The names of the bits set in ``marks``."""
    return [NAMES[bit] for bit in NAMES if marks & bit]
