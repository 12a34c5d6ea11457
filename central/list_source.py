"""The members of a month as the list builder wants them: numbers, classes, and the facts of the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from central import members
from central.database import Database
from central.list_builder import in_scope
from central.list_layout import MOBILE_NUMBERS, ListFacts
from central.list_members import gather
from protocol import month as months
from protocol.tiers import BLOCKED

Class = tuple[int, int]  # tier code, Unix time the membership ends or 0


@dataclass(frozen=True)
class Membership:
    """Who is a member in a month: ``numbers`` ascending, and for each its class, as an index into ``table``."""

    month: int
    numbers: NDArray[np.uint64]
    classes: NDArray[np.uint8]
    table: tuple[Class, ...]
    prefixes: tuple[str, ...]

    def digest(self) -> str:
        """What two lists of the same members have in common."""
        said = sha256(repr((self.month, self.table, self.prefixes)).encode())
        said.update(self.numbers.tobytes())
        said.update(self.classes.tobytes())
        return said.hexdigest()

    def facts(self, list_id: int, version: int) -> ListFacts:
        """The builder's description of a list of these members."""
        return ListFacts(list_id, self.month, version, version, self.table, self.prefixes)


def read(database: Database, month: int, moment: int, prefixes: tuple[str, ...]) -> Membership:
    """Read who is a member in ``month`` (YYYYMM) as known at ``moment``; numbers without an accepted prefix are left out."""
    with database.read() as connection:
        numbers, classes, table = gather(_rows(connection, month, moment), month)
    first, size = MOBILE_NUMBERS
    inside = in_scope(numbers, prefixes) & (numbers >= first) & (numbers < first + size)
    return Membership(month, numbers[inside], classes[inside], table, prefixes)


def _rows(connection: sa.Connection, month: int, moment: int) -> Iterator[tuple[int, int, int]]:
    start, end = months.starts(month), months.starts(months.shifted(month, 1))
    for row in members.in_month(connection, start, end, moment):
        yield (row.member, BLOCKED, 0) if row.blocked else (row.member, row.tier, row.active_until or 0)
