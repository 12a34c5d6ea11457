"""What the member-list tests share: random lists with a plain dict as the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from central.list_contents import ListBytes
from central.list_layout import MOBILE_NUMBERS, ListFacts
from protocol.ff1 import FF1
from protocol.list_header import OutsideList, permutation_key
from protocol.member_list import MemberList

KEY = bytes(range(32))
SECTOR = 4096
ENDS = 1_796_054_400

# The second is small: with bits dropped, neighbours and shared places are common.
UNIVERSES = (MOBILE_NUMBERS, (13_800_000_000, 900_000), (18_600_000_000, 10**8))
CLASSES = ((1, 0), (2, 0), (3, 0), (3, ENDS), (0, 0))


@dataclass(frozen=True)
class Case:
    """A list and what is true of it: number → class row."""

    facts: ListFacts
    truth: dict[int, tuple[int, int]]

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        rows = self.facts.classes
        return (
            np.array(list(self.truth), np.uint64),
            np.array([rows.index(row) for row in self.truth.values()], np.uint8),
        )


def facts(version: int = 1, **more: object) -> ListFacts:
    return replace(ListFacts(7, 202612, version, 1_796_000_000, CLASSES), **more)  # type: ignore[arg-type]


@st.composite
def scopes(draw: st.DrawFn) -> ListFacts:
    """A list's facts: universe, precision and prefixes of any kind."""
    universe = draw(st.sampled_from(UNIVERSES))
    lowest = str(universe[0])
    prefixes: tuple[str, ...] = ()
    if draw(st.booleans()):
        more = draw(st.sets(st.sampled_from(("138", "1860", "13", "15912", "1"))))
        prefixes = tuple(sorted({lowest[: draw(st.integers(1, 5))], *more}))
    return facts(universe=universe, precision=draw(st.integers(0, 10)), prefixes=prefixes)


def numbers_of(scope: ListFacts) -> st.SearchStrategy[int]:
    """Numbers on which `scope` has a say."""
    first, size = scope.universe
    numbers = st.integers(first, first + size - 1)
    return numbers.filter(lambda number: covers(scope, number)) if scope.prefixes else numbers


def covers(scope: ListFacts, number: int) -> bool:
    first, size = scope.universe
    return first <= number < first + size and (not scope.prefixes or str(number).startswith(scope.prefixes))


@st.composite
def cases(draw: st.DrawFn, most: int = 400) -> Case:
    """A list of up to `most` members spread over a scope."""
    scope = draw(scopes())
    rows = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=5, unique=True))
    scope = replace(scope, classes=tuple(rows))
    count = draw(st.integers(0, most))
    random = draw(st.randoms(use_true_random=False))
    return Case(scope, {number: random.choice(rows) for number in some_numbers(scope, random, count)})


def some_numbers(scope: ListFacts, random: object, count: int) -> set[int]:
    """Up to `count` numbers of the scope, quicker than hypothesis would draw them."""
    first, size = scope.universe
    low, high = first, first + size - 1
    numbers = set()
    for _ in range(4 * count):
        if len(numbers) == count:
            break
        number = random.randint(low, high)  # type: ignore[attr-defined]
        if covers(scope, number):
            numbers.add(number)
    return numbers


def expected(scope: ListFacts, truth: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Place → class row: with dropped bits, the lowest tier code of all members there, then the first of the table."""
    result: dict[int, tuple[int, int]] = {}
    rows = scope.classes
    for number, row in truth.items():
        place = place_of(scope, number)
        held = result.get(place)
        if held is None or (row[0], rows.index(row)) < (held[0], rows.index(held)):
            result[place] = row
    return result


def place_of(scope: ListFacts, number: int) -> int:
    """Where the format says a number stands, by the terminal's own FF1."""
    key = permutation_key(KEY, scope.list_id, scope.month)
    place: int = FF1(key, scope.universe[1]).encrypt(number - scope.universe[0]) >> scope.precision
    return place


def stored(base: bytes, deltas: Iterable[bytes] = (), at: int = 0) -> MemberList:
    """The list as a terminal reads it: deltas behind the base, each from a sector of its own."""
    image = bytes(at) + base
    places = []
    for delta in deltas:
        image += b"\xff" * (-len(image) % SECTOR)
        places.append(len(image))
        image += delta
    members = MemberList(ListBytes(image), KEY, at)
    for place in places:
        members.extend(place)
    return members


def answer(members: MemberList, number: int) -> tuple[int, int] | str | None:
    """What a list says: a class row, None for no member, "outside"."""
    try:
        return members.lookup(number)  # type: ignore[no-any-return]
    except OutsideList:
        return "outside"
