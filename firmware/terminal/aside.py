"""What the terminal could not use, and the text of its last failure, as the centre is told of them. Loaded for the occasion."""

from firmware.terminal.files import LAST_FAULT
from protocol import fault

_LONGEST_NUMBER = 6


def message(odd):
    """(body of ``fault``, digest that ``kept`` will name) for ``odd``, a (source, reason, length, bytes); without one for
    the text of the last failure. None when there is neither."""
    if odd is None:
        try:
            with open(LAST_FAULT, "rb") as file:
                text = masked(file.read())[-fault.MOST :]
        except OSError:
            return None
        odd = (fault.CRASH, text.rstrip().split("\n")[-1].split(":")[0], len(text), text.encode())
    return fault.encode(*odd), fault.digest(odd[3])


def masked(data):
    """``data`` (ASCII) as text, a sign for each run of digits that may be a member's number: an exception quotes its cause."""
    kept = digits = ""
    for byte in data + b"\n":
        if 48 <= byte < 58:
            digits += chr(byte)
            continue
        kept += (digits if len(digits) <= _LONGEST_NUMBER else "#") + (chr(byte) if byte < 127 else "?")
        digits = ""
    return kept[:-1]
