"""What goes onto a list: rows from the database in one pass, as arrays."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from central.list_layout import MOST_CLASSES
from protocol import month as months
from protocol.tiers import BLOCKED

_ROW = np.dtype([("number", "u8"), ("tier", "u1"), ("ends", "u4")])
_HOUR = 3600
_CST = 8 * _HOUR


def gather(
    rows: Iterable[tuple[int, int, int]], month: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], tuple[tuple[int, int], ...]]:
    """(numbers, class index of each, class table) of rows (number, tier code, Unix time the membership ends or 0).

    A membership that ended before `month` is left out, one that outlasts it gets no end: the list is for that month alone.
    A list holds `MOST_CLASSES` classes; should there be more moments of ending, they move down to the full hour or, if that is
    not enough, to midnight (CST). The terminal alone then refuses somewhat early, never late; online stays exact.
    """
    table = np.fromiter(rows, _ROW)
    starts, after = months.starts(month), months.starts(months.shifted(month, 1))
    blocked = table["tier"] == BLOCKED
    table["ends"][blocked | (table["ends"] >= after)] = 0
    table = table[blocked | (table["ends"] == 0) | (table["ends"] > starts)]
    tiers = table["tier"].astype(np.int64) << 32
    ends = table["ends"].astype(np.int64)
    for step in (1, _HOUR, 24 * _HOUR):
        rounded = np.where(ends > 0, np.maximum(starts + 1, (ends + _CST) // step * step - _CST), 0)
        meanings, classes, counts = np.unique(tiers | rounded, return_inverse=True, return_counts=True)
        if len(meanings) <= MOST_CLASSES:
            break
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), np.uint8)
    rank[order] = np.arange(len(order))
    classes_of = tuple((int(meaning >> 32), int(meaning & 0xFFFFFFFF)) for meaning in meanings[order])
    return table["number"].copy(), rank[classes], classes_of
