"""Cells as people write them: times, and yes or no."""

from __future__ import annotations

import datetime

from protocol.month import CST_S

_DAY_S = 86_400
_TRUE, _FALSE = ("1", "yes", "true", "y", "是"), ("", "0", "no", "false", "n", "否")
_FIRST_TIME, _LAST_TIME = 946_684_800, 0xFFFF_FFFF  # 2000 to what a record can carry
_CST = datetime.timezone(datetime.timedelta(seconds=CST_S))


class RowError(ValueError):
    """A row that cannot be taken; the text says why, without any member's number."""


def moment(text: str, end: bool) -> int | None:
    """Unix seconds of a cell: seconds, a date, or a date and time in China Standard Time; None for an empty one.

    A date alone means its first second, or with ``end`` the first second after it: a membership *until* a day has that day.
    """
    text = text.strip()
    if not text:
        return None
    if text.isdigit() and len(text) >= 9:
        value = int(text)
    else:
        try:
            parsed = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise RowError(f"{text[:30]!r} is no date") from None
        value = int((parsed if parsed.tzinfo else parsed.replace(tzinfo=_CST)).timestamp())
        if end and len(text) == 10:
            value += _DAY_S
    if not _FIRST_TIME <= value <= _LAST_TIME:
        raise RowError(f"{text[:30]!r} is not between 2000 and 2106")
    return value


def truth(text: str) -> bool:
    """Yes or no, as people write it; an empty cell is no."""
    value = text.strip().lower()
    if value not in _TRUE + _FALSE:
        raise RowError(f"{text!r} is neither yes nor no")
    return value in _TRUE
