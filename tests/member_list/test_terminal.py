"""The terminal's two list partitions: taking in, resuming, refusing, rolling over, answering all the while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import pytest
from lists import CLASSES, KEY, Case, facts
from terminal import MONTH, Terminal, offer_of

from central.list_builder import build_list
from central.list_delta import build_delta
from firmware.terminal.list_store import NoRoom
from firmware.terminal.list_writer import CHECK, DATA, DONE, ERASE, WRITE
from protocol.list_header import ListDamaged, ListMissing, OutsideList, WrongListKey

NEXT = 202701


def case(version: int, month: int = MONTH, count: int = 3000, **more: object) -> Case:
    """A list whose members' classes move on with each version."""
    numbers = (13_800_000_000 + 1_999_993 * i for i in range(count))
    return Case(facts(version, month=month, **more), {number: CLASSES[(i + version) % 5] for i, number in enumerate(numbers)})


def base(version: int, month: int = MONTH, **more: object) -> bytes:
    made = case(version, month, **more)
    return build_list(*made.arrays, made.facts, KEY)


def delta(on: bytes, version: int, *chain: bytes, changed: int = 100) -> bytes:
    truth = {**case(1).truth, **dict(list(case(version).truth.items())[:changed])}
    return build_delta(on, chain, *Case(facts(version), truth).arrays, facts(version), KEY)


def says(terminal: Terminal, version: int, month: int = MONTH) -> bool:
    """Whether the terminal answers as that version's whole list does."""
    return all(terminal.lists.lookup(month, number) == row for number, row in list(case(version).truth.items())[::50])


def test_a_new_terminal_has_no_list() -> None:
    terminal = Terminal(6)
    assert terminal.lists.status(MONTH) is None
    with pytest.raises(ListMissing):
        terminal.lists.lookup(MONTH, 13_800_138_000)


def test_it_takes_a_base_then_a_newer_one_and_keeps_them() -> None:
    terminal = Terminal(6)
    assert terminal.take(base(1)) and says(terminal, 1)
    assert terminal.take(base(2)) and says(terminal, 2)
    assert terminal.take(base(3)) and says(terminal, 3)
    terminal.switch_on()
    assert says(terminal, 3)
    status = terminal.lists.status(MONTH)
    assert (status.list_id, status.version, status.created, status.count, status.deltas) == (7, 3, 1_796_000_000, 3000, 0)


def test_what_is_no_news_is_not_fetched() -> None:
    terminal = Terminal(6)
    first, second = base(1), base(2)
    terminal.take(second)
    assert not terminal.take(second) and not terminal.take(first)
    assert not terminal.take(base(3, month=202611))
    follow = delta(second, 3)
    assert terminal.take(follow) and not terminal.take(follow)


def test_lookups_answer_right_at_every_step_of_an_update() -> None:
    terminal = Terminal(6)
    terminal.take(base(1))
    data = base(2)
    numbers = iter(list(case(1).truth.items()) * 3)
    writer = terminal.lists.receive(offer_of(data), MONTH)
    steps: set[str] = set()
    while writer.next != DONE:
        steps.add(writer.next)
        if writer.next == DATA:
            writer.feed(data[writer.offset : writer.offset + 700])
        number, row = next(numbers)
        assert terminal.lists.lookup(MONTH, number) == row
        operations = len(terminal.flash.operations)
        writer.step()
        assert len(terminal.flash.operations) <= operations + 1
    assert steps == {ERASE, WRITE, DATA, CHECK}
    assert says(terminal, 2)


def test_it_goes_on_where_it_stopped() -> None:
    terminal = Terminal(6)
    data = base(1)
    for stop in range(0, len(data), 977):
        writer = terminal.lists.receive(offer_of(data), MONTH)
        assert stop - 977 - 256 <= writer.offset <= stop
        while writer.offset < stop:
            if writer.next == DATA:
                writer.feed(data[writer.offset : stop])
            writer.step()
        terminal.switch_on()
    erases = terminal.flash.erases[:6]
    assert terminal.take(data) and says(terminal, 1)
    assert max(erases) == 1


def test_another_file_is_begun_afresh() -> None:
    terminal = Terminal(6)
    data = base(1)
    writer = terminal.lists.receive(offer_of(data), MONTH)
    for _ in range(60):
        if writer.next == DATA:
            writer.feed(data[writer.offset : writer.offset + 2000])
        writer.step()
    terminal.switch_on()
    assert terminal.lists.receive(offer_of(base(2)), MONTH).offset == 0
    assert terminal.take(base(2)) and says(terminal, 2)


def _broken() -> Iterator[tuple[str, bytes, dict[str, object]]]:
    data = base(2)
    offer = offer_of(data)
    yield "damaged on the way", data[:5000] + b"\x00" + data[5001:], offer
    yield "another digest announced", data, {**offer, "sha256": "00" * 32}
    yield "another version announced", data, {**offer, "version": 3}
    yield "another month announced", data, {**offer, "month": NEXT}
    made = case(2)
    forged = build_list(*made.arrays, made.facts, bytes(32))
    forged = forged[:32] + data[32:36] + forged[36:]  # a key id that the terminal knows, over another key's MAC
    for name, bad in (("not genuine", forged), ("no list at all", bytes(6000))):
        yield name, bad, {**offer, "bytes": len(bad), "sha256": sha256(bad).hexdigest()}


@pytest.mark.parametrize(("data", "offer"), [pytest.param(d, o, id=name) for name, d, o in _broken()])
def test_what_is_not_genuine_is_refused_and_the_old_list_stays(data: bytes, offer: dict[str, object]) -> None:
    terminal = Terminal(6)
    terminal.take(base(1))
    with pytest.raises(ListDamaged):
        terminal.take(data, offer=offer)
    assert says(terminal, 1)
    terminal.switch_on()
    assert says(terminal, 1)
    assert terminal.take(base(2)) and says(terminal, 2)


def test_a_broken_delta_is_refused_and_the_next_one_taken() -> None:
    terminal = Terminal(6)
    first = base(1)
    terminal.take(first)
    data = delta(first, 2)
    with pytest.raises(ListDamaged):
        terminal.take(data[:-1] + bytes((data[-1] ^ 1,)), offer=offer_of(data))
    assert says(terminal, 1)
    assert terminal.take(data)
    assert terminal.lists.status(MONTH).deltas == 1


def test_a_list_whose_key_comes_later_waits_for_it() -> None:
    terminal = Terminal(6)
    terminal.switch_on(keys={})
    data = base(1)
    with pytest.raises(WrongListKey):
        terminal.take(data)
    terminal.lists.keys_changed({7: KEY})
    writer = terminal.lists.receive(offer_of(data), MONTH)
    assert len(data) - 256 <= writer.offset
    assert terminal.take(data) and says(terminal, 1)
    terminal.lists.keys_changed({7: bytes(32)})
    with pytest.raises(WrongListKey):
        terminal.lists.lookup(MONTH, 13_800_000_000)
    terminal.lists.keys_changed({7: KEY})
    assert says(terminal, 1)


def test_deltas_follow_one_another_and_one_may_replace_them() -> None:
    terminal = Terminal(8)
    first = base(1)
    terminal.take(first)
    second = delta(first, 2)
    third = delta(first, 3, second, changed=50)
    assert terminal.take(second) and terminal.take(third)
    assert terminal.lists.status(MONTH).deltas == 2
    for version in range(4, 14):
        assert terminal.take(delta(first, version)), version
        assert terminal.lists.status(MONTH)[2:3] == (version,) and terminal.lists.status(MONTH).deltas == 1
    terminal.switch_on()
    numbers = list(case(13).truth.items())
    assert all(terminal.lists.lookup(MONTH, number) == row for number, row in numbers[:100])
    assert all(terminal.lists.lookup(MONTH, number) == row for number, row in list(case(1).truth.items())[100::29])


def test_a_delta_needs_its_base() -> None:
    terminal = Terminal(6)
    first = base(1)
    follow = delta(first, 2)
    with pytest.raises(ListMissing):
        terminal.take(follow)
    terminal.take(base(2))
    with pytest.raises(ListMissing):
        terminal.take(delta(first, 3))


def test_a_delta_without_room_finds_it_behind_the_base_fetched_once_more() -> None:
    terminal = Terminal(4)
    first = base(1)  # three sectors with its head
    terminal.take(first)
    terminal.take(delta(first, 2))
    late = delta(first, 3)
    with pytest.raises(NoRoom):
        terminal.take(late)
    assert terminal.lists.status(MONTH).version == 2
    assert terminal.take(first) and terminal.take(late)
    assert terminal.lists.status(MONTH).version == 3
    assert not terminal.take(first)


def test_a_list_too_large_is_refused_before_anything_is_written() -> None:
    terminal = Terminal(2)
    with pytest.raises(NoRoom):
        terminal.take(base(1))
    assert not terminal.flash.operations


def test_next_month_comes_ahead_and_the_month_decides() -> None:
    terminal = Terminal(6)
    terminal.take(base(1))
    coming = base(2, month=NEXT)
    assert terminal.take(coming)
    assert says(terminal, 1) and says(terminal, 2, NEXT)
    # The 1st: a new list for the new month takes the old month's place.
    assert terminal.take(base(3, month=NEXT), month=NEXT)
    assert says(terminal, 3, NEXT)
    with pytest.raises(ListMissing):
        terminal.lists.lookup(MONTH, 13_800_000_000)
    assert terminal.take(base(4, month=NEXT), month=NEXT) and says(terminal, 4, NEXT)


def test_this_month_is_never_overwritten_by_the_next() -> None:
    terminal = Terminal(6)
    terminal.take(base(1))
    for version in (2, 3, 4):
        assert terminal.take(base(version, month=NEXT))
        assert says(terminal, 1)
    # A new base for this month costs the prefetched one, which then comes again into the place of the old.
    assert terminal.take(base(5)) and says(terminal, 5)
    assert terminal.lists.status(NEXT) is None
    assert terminal.take(base(4, month=NEXT))
    assert says(terminal, 5) and says(terminal, 4, NEXT)


def test_a_damaged_bucket_refuses_and_the_list_can_be_fetched_again() -> None:
    terminal = Terminal(6)
    data = base(1)
    terminal.take(data)
    terminal.flash.memory[256 + len(data) - 10] &= 0x55
    numbers = case(1).truth
    refused = 0
    for number, row in numbers.items():
        try:
            assert terminal.lists.lookup(MONTH, number) == row
        except ListDamaged:
            refused += 1
    assert 0 < refused < 1000
    assert terminal.lists.is_damaged(MONTH)
    assert terminal.take(data) and not terminal.take(data)
    assert says(terminal, 1) and not terminal.lists.is_damaged(MONTH)


def test_a_damaged_header_is_reported_as_damage() -> None:
    terminal = Terminal(6)
    data = base(1)
    terminal.take(data)
    terminal.flash.memory[256 + 40] ^= 1
    terminal.switch_on()
    with pytest.raises(ListDamaged):
        terminal.lists.lookup(MONTH, 13_800_000_000)
    assert terminal.take(data) and says(terminal, 1)


def test_a_number_outside_the_scope_is_not_called_a_stranger() -> None:
    terminal = Terminal(6)
    made = Case(replace(facts(), prefixes=("138",)), {13_800_000_000: (1, 0)})
    terminal.take(build_list(*made.arrays, made.facts, KEY))
    assert terminal.lists.lookup(MONTH, 13_800_000_001) is None
    with pytest.raises(OutsideList):
        terminal.lists.lookup(MONTH, 13_900_000_000)
