"""The member ID: the member's own mobile number, 11 digits, ``1[3-9]`` then nine digits."""

DIGITS = 11


def is_member_id(text):
    """Whether ``text`` (str) is a well-formed member ID."""
    if len(text) != DIGITS or text[0] != "1" or text[1] < "3":
        return False
    for character in text:
        if not "0" <= character <= "9":
            return False
    return True


def grouped(digits):
    """``13800138000`` as ``138 0013 8000``; works on any beginning of a number, so that it can be keyed in."""
    groups = (digits[:3], digits[3:7], digits[7:11], digits[11:])
    return " ".join(group for group in groups if group)


def masked(digits):
    """``138****8000``: the only form of a number that may stay on a screen (law 8)."""
    return digits[:3] + "****" + digits[7:]
