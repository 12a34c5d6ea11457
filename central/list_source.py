"""The members of a month as the list builder wants them: numbers, classes, and the facts of the list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from central import members
from central.database import Database
from central.list_layout import MOBILE_NUMBERS, MOST_CLASSES, ListFacts
from protocol import month as months
from protocol.month import day_starts
from protocol.tiers import BLOCKED

Class = tuple[int, int]  # tier code, Unix time the membership ends or 0


@dataclass(frozen=True)
class Membership:
    """Who is a member in a month: ``numbers`` ascending, and for each its class, as an index into ``classes``."""

    month: int
    numbers: NDArray[np.uint64]
    members: NDArray[np.int64]
    classes: tuple[Class, ...]

    def digest(self, prefixes: tuple[str, ...]) -> str:
        """What two lists of the same members have in common."""
        said = sha256(repr((self.month, self.classes, prefixes)).encode())
        said.update(self.numbers.tobytes())
        said.update(self.members.tobytes())
        return said.hexdigest()

    def facts(self, list_id: int, version: int, prefixes: tuple[str, ...]) -> ListFacts:
        """The builder's description of a list of these members."""
        return ListFacts(list_id, self.month, version, version, self.classes, prefixes)


def read(database: Database, month: int, moment: int, prefixes: tuple[str, ...]) -> Membership:
    """Read who is a member in ``month`` (YYYYMM) as known at ``moment``; numbers without an accepted prefix are left out."""
    start, end = months.starts(month), months.starts(months.shifted(month, 1))
    first, size = MOBILE_NUMBERS
    numbers: list[int] = []
    found: list[Class] = []
    with database.read() as connection:
        for number, tier, until, blocked in members.active_in(connection, start, end, moment):
            if not first <= number < first + size or (prefixes and not str(number).startswith(prefixes)):
                continue
            numbers.append(number)
            found.append((BLOCKED, 0) if blocked else (tier, until if until is not None and until < end else 0))
    if len(set(found)) > MOST_CLASSES:
        # Too many different ends for one table: rounded down to the day. Refuse rather than guess (law 5).
        found = [(tier, day_starts(until) if until else 0) for tier, until in found]
    order = [row for row, _ in Counter(found).most_common()]
    index = {row: at for at, row in enumerate(order)}
    return Membership(
        month,
        np.array(numbers, np.uint64),
        np.array([index[row] for row in found], np.int64),
        tuple(order),
    )
