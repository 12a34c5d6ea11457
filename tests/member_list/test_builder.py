"""The list that the builder writes and the terminal's reader, against a plain dict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lists import KEY, UNIVERSES, Case, answer, cases, covers, expected, facts, place_of, stored

from central.errors import CentreError
from central.list_builder import build_list
from central.list_contents import ListBytes, read_base
from central.list_layout import ListFacts
from protocol.list_header import ListDamaged, ListMissing, WrongListKey
from protocol.member_list import MemberList


@given(case=cases(), at=st.integers(0, 5000), data=st.data())
@settings(deadline=None, max_examples=60)
def test_every_member_is_found_and_no_stranger(case: Case, at: int, data: st.DataObject) -> None:
    members = stored(build_list(*case.arrays, case.facts, KEY), at=at)
    truth = expected(case.facts, case.truth)
    for number in case.truth:
        assert answer(members, number) == truth[place_of(case.facts, number)]
    first, size = case.facts.universe
    for number in data.draw(st.lists(st.integers(first - 1, first + size), max_size=50)):
        wanted = truth.get(place_of(case.facts, number)) if covers(case.facts, number) else "outside"
        assert answer(members, number) == wanted


@given(case=cases())
@settings(deadline=None, max_examples=50)
def test_reading_the_whole_file_back_gives_the_same(case: Case) -> None:
    contents = read_base(build_list(*case.arrays, case.facts, KEY), KEY)
    truth = expected(case.facts, case.truth)
    meanings = [(meaning >> 32, meaning & 0xFFFFFFFF) for meaning in contents.meanings.tolist()]
    assert dict(zip(contents.places.tolist(), meanings, strict=True)) == truth
    assert contents.header.count == len(truth)


def test_a_class_index_means_the_row_that_was_given() -> None:
    numbers = np.arange(13_800_000_000, 13_800_000_200, dtype=np.uint64)
    classes = (np.arange(200) % 5).astype(np.uint8)
    members = stored(build_list(numbers, classes, facts(), KEY))
    assert [members.find(number) for number in numbers.tolist()] == classes.tolist()
    assert members.find(15_000_000_000) is None


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257])
@pytest.mark.parametrize("universe", UNIVERSES)
def test_any_count(count: int, universe: tuple[int, int]) -> None:
    numbers = universe[0] + np.arange(count, dtype=np.uint64)
    members = stored(build_list(numbers, np.zeros(count, np.uint8), facts(universe=universe), KEY))
    assert all(members.find(number) == 0 for number in numbers.tolist())
    assert all(members.find(universe[0] + count + i) is None for i in range(300))
    assert members.header.count == count


def test_a_full_universe_is_a_list_too() -> None:
    first, size = UNIVERSES[1]
    numbers = first + np.arange(size, dtype=np.uint64)
    members = stored(build_list(numbers, (np.arange(size) % 2).astype(np.uint8), facts(universe=UNIVERSES[1]), KEY))
    assert all(members.find(first + i) == i % 2 for i in range(0, size, 4999))


def test_as_many_classes_as_there_can_be() -> None:
    rows = tuple((i % 255, i) for i in range(255))
    numbers = 13_800_000_000 + np.arange(2000, dtype=np.uint64)
    classes = (np.arange(2000) % 255).astype(np.uint8)
    members = stored(build_list(numbers, classes, facts(classes=rows), KEY))
    assert [members.lookup(number) for number in numbers.tolist()] == [rows[i] for i in classes.tolist()]


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    numbers = 13_800_000_000 + 977 * np.arange(1000, dtype=np.uint64)
    classes = (np.arange(1000) % 3).astype(np.uint8)
    assert build_list(numbers, classes, facts(), KEY) == build_list(numbers[::-1], classes[::-1], facts(), KEY)


def test_a_collision_keeps_the_block() -> None:
    # 900,000 numbers on 220 places: each holds a blocked one.
    first, size = UNIVERSES[1]
    classes = np.zeros(size, np.uint8)
    classes[::99] = 4
    scope = facts(universe=UNIVERSES[1], precision=12)
    members = stored(build_list(first + np.arange(size, dtype=np.uint64), classes, scope, KEY))
    assert {members.lookup(first + i) for i in range(0, size, 4999)} == {(0, 0)}


def test_the_false_positive_rate_is_the_stated_one() -> None:
    generator = np.random.default_rng(5)
    numbers = np.unique(generator.integers(13 * 10**9, 20 * 10**9, 20_000).astype(np.uint64))
    scope = facts(precision=14)
    contents = read_base(build_list(numbers, np.zeros(len(numbers), np.uint8), scope, KEY), KEY)
    covered = len(contents.places) * 2**14 / scope.universe[1]
    assert covered == pytest.approx(len(numbers) * 2**14 / 7e9, rel=0.03)


@pytest.mark.parametrize(
    ("numbers", "classes", "more"),
    [
        ([13_800_000_000, 13_800_000_000], [0, 0], {}),
        ([12_999_999_999], [0], {}),
        ([20_000_000_000], [0], {}),
        ([13_800_000_000], [5], {}),
        ([13_800_000_000], [], {}),
        ([13_800_000_000], [0], {"prefixes": ("139", "150")}),
    ],
)
def test_wrong_input_is_refused(numbers: list[int], classes: list[int], more: dict[str, object]) -> None:
    with pytest.raises(CentreError):
        build_list(np.array(numbers, np.uint64), np.array(classes, np.int64), facts(**more), KEY)


@pytest.mark.parametrize(
    "more",
    [
        {"classes": ((255, 0),)},
        {"classes": ((1, 0),) * 256},
        {"prefixes": ("13x",)},
        {"precision": -1},
        {"universe": (13_800_000_000, 99_999)},
    ],
)
def test_wrong_facts_are_refused(more: dict[str, object]) -> None:
    with pytest.raises(CentreError):
        facts(**more)


def test_blank_flash_another_key_and_a_delta_are_told_apart() -> None:
    data = build_list(np.array([13_800_000_000], np.uint64), np.zeros(1, np.uint8), facts(), KEY)
    with pytest.raises(ListMissing):
        MemberList(ListBytes(b""), KEY)
    with pytest.raises(WrongListKey):
        MemberList(ListBytes(data), bytes(32))
    with pytest.raises(ListDamaged):
        MemberList(ListBytes(bytes(4096)), KEY)


def test_a_bucket_takes_two_reads_of_any_size_of_list() -> None:
    class Counting(ListBytes):
        reads = 0

        def readblocks(self, block: int, buf: object, offset: int = 0) -> None:
            self.reads += 1
            super().readblocks(block, buf, offset)

    numbers = 13_000_000_000 + 69_997 * np.arange(100_000, dtype=np.uint64)
    flash = Counting(build_list(numbers, np.zeros(len(numbers), np.uint8), facts(), KEY))
    members = MemberList(flash, KEY)
    for number in (*numbers[:50].tolist(), *range(13_000_000_001, 13_000_000_051)):
        flash.reads = 0
        members.lookup(number)
        assert flash.reads == 2


def test_size_stays_within_the_stated_distance_of_the_bound() -> None:
    generator = np.random.default_rng(3)
    numbers = np.unique(generator.integers(13 * 10**9, 20 * 10**9, 100_000).astype(np.uint64))
    classes = generator.choice(3, len(numbers), p=[0.75, 0.2, 0.05]).astype(np.uint8)
    data = build_list(numbers, classes, ListFacts(1, 202612, 1, 0, ((1, 0), (2, 0), (3, 0))), KEY)
    bound = np.log2(7e9 * np.e / len(numbers)) + 0.99
    assert len(data) * 8 / len(numbers) < bound + 0.45
