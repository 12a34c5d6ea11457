"""What a terminal does to its two list partitions: after every cut the list it had or the new one, complete; then the new one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np

from central.list_builder import build_list
from central.list_contents import read_header
from central.list_delta import build_delta
from central.list_layout import ListFacts
from firmware.terminal.list_store import NoRoom
from firmware.terminal.list_writer import DATA, DONE
from tests.both.nor_flash import NorFlash
from tests.both.read_lists import ReadLists
from tests.powercut.ledger import Ledger
from tests.powercut.scenario import Fault, Scenario

KEY = bytes(range(32))
LIST_ID = 7
DECEMBER, JANUARY = 202612, 202701
ROWS = ((1, 0), (2, 0), (0, 0))
PARTITION = 7  # sectors
SMALL = 5  # the version from which on nobody new comes: its delta takes two pages
Truth = dict[int, tuple[int, int]]

# From the second on, a version has some members in another class, one less, and 1,200 of its own: versions can be told
# apart by their answers, and a delta takes two sectors.
_NUMBERS = 13_000_000_000 + 5_417_003 * np.arange(1, 1281, dtype=np.uint64)

_ASKED = [
    int(number) for number in (*_NUMBERS[6:24:3], *_NUMBERS[-5:], *(_NUMBERS[500:1000:90] + 3), *(_NUMBERS[400:1000:90] + 4))
]


def truth(version: int) -> Truth:
    """What the list of that version says; every number that it does not name is no member."""
    classes = np.arange(len(_NUMBERS)) % 3
    for earlier in range(2, version + 1):
        classes[3 * earlier : 3 * earlier + 9] += 1
    members = {int(number): ROWS[index % 3] for number, index in zip(_NUMBERS, classes, strict=True)}
    for earlier in range(2, version + 1):
        del members[int(_NUMBERS[-earlier])]
    if 1 < version < SMALL:
        members.update((int(number) + version, ROWS[1]) for number in _NUMBERS[:1200])
    return members


def _arrays(version: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    members = truth(version)
    return np.array(list(members), np.uint64), np.array([ROWS.index(row) for row in members.values()], np.uint8)


def _facts(version: int, month: int = DECEMBER) -> ListFacts:
    return ListFacts(LIST_ID, month, version, 1_796_000_000, ROWS)


@cache
def base(version: int, month: int = DECEMBER) -> bytes:
    """The base file of a version: two sectors with its head."""
    return build_list(*_arrays(version), _facts(version, month), KEY)


@cache
def delta(version: int, chain: tuple[int, ...] = (), start: int = 1) -> bytes:
    """The delta to `version` from base `start` and the deltas to the versions in `chain`."""
    deltas = [delta(step, chain[:index], start) for index, step in enumerate(chain)]
    return build_delta(base(start), deltas, *_arrays(version), replace(_facts(version)), KEY)


def _offer(data: bytes) -> dict[str, Any]:
    header = read_header(data, KEY)
    return {
        "list": header.list_id, "kind": "delta" if header.kind else "base", "month": header.month, "version": header.version,
        "base": header.parent, "bytes": len(data), "sha256": sha256(data).hexdigest(), "path": "",
    }  # fmt: skip


def switched_on(flash: NorFlash) -> ReadLists:
    """The terminal's lists on a flash that has just been switched on."""
    flash.power_on()
    return ReadLists([flash.partition(i * PARTITION, PARTITION) for i in range(2)], {LIST_ID: KEY})


def fetch(lists: ReadLists, data: bytes) -> None:
    """Take in a file as the firmware does, in pieces that fit no page."""
    writer = lists.receive(_offer(data), DECEMBER)
    if writer is None:
        return
    while writer.next != DONE:
        if writer.next == DATA:
            writer.feed(data[writer.offset : writer.offset + 1111])
        writer.step()


class ListScenario(Scenario):
    """`held`: files that are there before · `news`: the file that arrives · `version` it leads to."""

    sectors: ClassVar[int] = 2 * PARTITION
    month: ClassVar[int] = DECEMBER
    before: ClassVar[int | None]
    after: ClassVar[int]

    def held(self) -> Sequence[bytes]:
        return ()

    @abstractmethod
    def news(self) -> bytes: ...

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:
        lists = switched_on(flash)
        for data in self.held():
            fetch(lists, data)

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        self.get_news(switched_on(flash))

    def get_news(self, lists: ReadLists) -> None:
        """Take in what arrives."""
        fetch(lists, self.news())

    def verify(self, flash: NorFlash, ledger: Ledger) -> None:
        lists = switched_on(flash)
        self._answers(lists, (self.before, self.after))
        self.get_news(lists)
        self._answers(lists, (self.after,))
        for _ in range(2):
            self._answers(switched_on(flash), (self.after,))

    def _answers(self, lists: ReadLists, versions: tuple[int | None, ...]) -> None:
        for month in {DECEMBER, self.month}:
            status = lists.status(month)
            version = status.version if status else None
            allowed = versions if month == self.month else (1,)
            if version not in allowed:
                raise Fault("lost", f"version {version} of {month} where {allowed} should be")
            if version is None:
                continue
            members = truth(version)
            for number in _ASKED if month == self.month else _ASKED[:5]:
                if lists.lookup(month, number) != members.get(number):
                    raise Fault("wrong", f"version {version} of {month} answers wrongly")


class FirstBase(ListScenario):
    """The first list of a new terminal."""

    name = "list-first-base"
    before = None
    after = 1

    def news(self) -> bytes:
        return base(1)


class NextBase(ListScenario):
    """A newer base goes to the other partition."""

    name = "list-next-base"
    before = 1
    after = 2

    def held(self) -> Sequence[bytes]:
        return (base(1),)

    def news(self) -> bytes:
        return base(2)


class ThirdBase(ListScenario):
    """It overwrites the oldest."""

    name = "list-third-base"
    before = 2
    after = 3

    def held(self) -> Sequence[bytes]:
        return base(1), base(2)

    def news(self) -> bytes:
        return base(3)


class NextMonth(ListScenario):
    """Next month's list comes ahead of the 1st; this month's answers all the while."""

    name = "list-next-month"
    month = JANUARY
    before = None
    after = 2

    def held(self) -> Sequence[bytes]:
        return (base(1),)

    def news(self) -> bytes:
        return base(2, JANUARY)


class FirstDelta(ListScenario):
    """A delta behind its base."""

    name = "list-first-delta"
    before = 1
    after = 2

    def held(self) -> Sequence[bytes]:
        return (base(1),)

    def news(self) -> bytes:
        return delta(2)


class SmallDelta(ListScenario):
    """A delta of two pages, short enough for every pair of cuts."""

    name = "list-small-delta"
    before = 1
    after = SMALL
    pairs = True

    def held(self) -> Sequence[bytes]:
        return (base(1),)

    def news(self) -> bytes:
        return delta(SMALL)


class ChainedDelta(ListScenario):
    """A delta upon a delta."""

    name = "list-chained-delta"
    before = 2
    after = 3

    def held(self) -> Sequence[bytes]:
        return base(1), delta(2)

    def news(self) -> bytes:
        return delta(3, (2,))


class ReplacingDelta(ListScenario):
    """Deltas that reach back to the base: the place of one that was replaced is used again."""

    name = "list-replacing-delta"
    before = 3
    after = 4

    def held(self) -> Sequence[bytes]:
        return base(1), delta(2), delta(3)

    def news(self) -> bytes:
        return delta(4)


class BaseAgain(ListScenario):
    """The same base once more, into the other partition, because the delta found no room behind the first."""

    name = "list-base-again"
    before = 3
    after = 4

    def held(self) -> Sequence[bytes]:
        return base(1), delta(2), delta(3, (2,))

    def news(self) -> bytes:
        return delta(4)

    def get_news(self, lists: ReadLists) -> None:
        try:
            fetch(lists, self.news())
        except NoRoom:
            fetch(lists, base(1))
            fetch(lists, self.news())


SCENARIOS = (
    FirstBase(),
    NextBase(),
    ThirdBase(),
    NextMonth(),
    FirstDelta(),
    SmallDelta(),
    ChainedDelta(),
    ReplacingDelta(),
    BaseAgain(),
)
