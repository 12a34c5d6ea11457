"""Deltas against a plain dict: chains, jumps over several, changes of every kind."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lists import CLASSES, KEY, Case, answer, cases, covers, expected, facts, place_of, some_numbers, stored

from central.errors import CentreError
from central.list_builder import build_list
from central.list_contents import overlaid, read_base, read_delta
from central.list_delta import build_delta
from protocol.list_header import GONE, ListDamaged


@st.composite
def histories(draw: st.DrawFn) -> list[Case]:
    """A list and what it becomes: in each step members leave, come, come back and change class."""
    case = draw(cases(most=300))
    rng = random.Random(draw(st.integers(0, 2**32)))
    everyone = sorted({*case.truth, *some_numbers(case.facts, rng, 60)})
    history = [case]
    for version in range(2, 2 + draw(st.integers(1, 4))):
        truth = dict(history[-1].truth)
        for number in rng.sample(everyone, rng.randint(0, len(everyone) // 4)):
            if number in truth and rng.random() < 0.5:
                del truth[number]
            else:
                truth[number] = rng.choice(CLASSES)
        rows = tuple(rng.sample(CLASSES, len(CLASSES)))  # every file has a table of its own
        history.append(Case(replace(case.facts, version=version, classes=rows), truth))
    return history


def deltas_of(history: list[Case]) -> tuple[bytes, list[bytes]]:
    """The base of a history and one delta for each step after it."""
    base = build_list(*history[0].arrays, history[0].facts, KEY)
    chain: list[bytes] = []
    for case in history[1:]:
        chain.append(build_delta(base, chain, *case.arrays, case.facts, KEY))
    return base, chain


@given(history=histories(), data=st.data())
@settings(deadline=None, max_examples=30)
def test_a_chain_says_what_the_last_list_says(history: list[Case], data: st.DataObject) -> None:
    base, chain = deltas_of(history)
    steps = data.draw(st.integers(1, len(chain)))
    scope, truth = history[steps].facts, expected(history[steps].facts, history[steps].truth)
    members = stored(base, chain[:steps])
    assert members.header.version == scope.version and members.header.count == len(truth) and members.deltas == steps
    first, size = scope.universe
    strangers = data.draw(st.lists(st.integers(first, first + size - 1), max_size=30))
    for number in {*(number for case in history for number in case.truth), *strangers}:
        assert answer(members, number) == (truth.get(place_of(scope, number)) if covers(scope, number) else "outside")


@given(history=histories())
@settings(deadline=None, max_examples=30)
def test_one_delta_can_replace_all_before_it(history: list[Case]) -> None:
    base, _ = deltas_of(history)
    last = history[-1]
    truth = expected(last.facts, last.truth)
    members = stored(base, [build_delta(base, [], *last.arrays, last.facts, KEY)])
    for number in {number for case in history for number in case.truth}:
        assert answer(members, number) == truth.get(place_of(last.facts, number))


@given(history=histories())
@settings(deadline=None, max_examples=30)
def test_reading_base_and_chain_back_gives_the_last_list(history: list[Case]) -> None:
    base, chain = deltas_of(history)
    held = read_base(base, KEY)
    meanings, places, others = overlaid(held, [read_delta(delta, KEY, held) for delta in chain])
    said = {*zip(held.places.tolist(), meanings.tolist(), strict=True), *zip(places.tolist(), others.tolist(), strict=True)}
    last = history[-1]
    assert {place: (m >> 32, m & 0xFFFFFFFF) for place, m in said if m >> 32 != GONE} == expected(last.facts, last.truth)


def _case(version: int, count: int = 200, step: int = 1, **more: object) -> Case:
    return Case(facts(version, **more), {13_800_000_000 + step * i: CLASSES[i % 5] for i in range(count)})


def test_a_delta_that_changes_nothing_is_a_file_too() -> None:
    base = build_list(*_case(1).arrays, facts(), KEY)
    delta = build_delta(base, [], *_case(2).arrays, facts(2), KEY)
    members = stored(base, [delta])
    assert members.header.version == 2 and all(members.lookup(n) == row for n, row in _case(2).truth.items())


def test_everything_can_change() -> None:
    base = build_list(*_case(1).arrays, facts(), KEY)
    other = Case(facts(2), {15_900_000_000 + i: (2, 0) for i in range(3000)})
    members = stored(base, [build_delta(base, [], *other.arrays, other.facts, KEY)])
    assert all(members.lookup(number) == (2, 0) for number in other.truth)
    assert not any(members.lookup(number) for number in _case(1).truth)


def test_prefixes_can_grow_with_a_delta() -> None:
    base = build_list(*_case(1, prefixes=("138",)).arrays, facts(prefixes=("138",)), KEY)
    grown = Case(facts(2, prefixes=("138", "1591")), {**_case(1).truth, 15_912_345_678: (2, 0)})
    members = stored(base, [build_delta(base, [], *grown.arrays, grown.facts, KEY)])
    assert answer(members, 15_912_345_678) == (2, 0)
    assert answer(members, 15_912_345_679) is None
    assert answer(members, 15_922_345_678) == "outside"


@pytest.mark.parametrize(
    "more", [{"version": 1}, {"month": 202701}, {"list_id": 8}, {"precision": 1}, {"universe": (13_000_000_000, 10**9)}]
)
def test_a_delta_keeps_to_its_base(more: dict[str, object]) -> None:
    base = build_list(*_case(1).arrays, facts(), KEY)
    with pytest.raises(CentreError):
        build_delta(base, [], *_case(2).arrays, replace(facts(2), **more), KEY)  # type: ignore[arg-type]


def test_a_delta_of_another_base_or_out_of_turn_is_refused() -> None:
    base = build_list(*_case(1).arrays, facts(), KEY)
    other = build_list(*_case(1, count=199).arrays, facts(), KEY)
    second = build_delta(base, [], *_case(2, count=190).arrays, facts(2), KEY)
    third = build_delta(base, [second], *_case(3, count=180).arrays, facts(3), KEY)
    for wrong_base, chain in ((other, [second]), (base, [third]), (base, [second, second]), (base, [second, third, second])):
        with pytest.raises(ListDamaged):
            stored(wrong_base, chain)
    with pytest.raises(ListDamaged):
        build_delta(base, [third], *_case(4).arrays, facts(4), KEY)


def test_one_per_cent_of_change_takes_less_than_a_fortieth() -> None:
    generator = np.random.default_rng(9)
    numbers = np.unique(generator.integers(13 * 10**9, 20 * 10**9, 101_500).astype(np.uint64))
    generator.shuffle(numbers)
    classes = generator.choice(3, 101_000, p=[0.75, 0.2, 0.05]).astype(np.uint8)
    scope = facts(classes=((1, 0), (2, 0), (3, 0)))
    base = build_list(numbers[:100_000], classes[:100_000], scope, KEY)
    delta = build_delta(base, [], numbers[1000:101_000], classes[1000:101_000], replace(scope, version=2), KEY)
    assert len(delta) <= 0.025 * len(base)
