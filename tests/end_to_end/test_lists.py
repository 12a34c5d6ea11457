"""What the cashier reads when member list, clock or settings are not to be relied on (law 5: refuse, do not guess)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central import list_press
from central.database import now
from firmware.terminal.list_place import ListPlace
from firmware.terminal.member_lists import MemberLists
from host_tools.flash.memory_partition import MemoryPartition
from host_tools.stand import screens
from host_tools.stand.cashier import Cashier
from protocol.list_section import BUFFER_BYTES
from simulator.board import BenchBoard
from tests.end_to_end.conftest import Counter, alive
from tests.end_to_end.shop import LIST_AGE, VIP, Shop, until

Open = Callable[..., Counter]
Alone = Callable[[], BenchBoard]


def _lists(shop: Shop, bench: BenchBoard) -> set[int]:
    """The months whose lists a terminal holds whole, of those that are out."""
    keys = {month: list_press.key(shop.database, month) for month in list_press.wanted(now())}
    partitions = [MemoryPartition(bench.partition(label)) for label in ("list_a", "list_b")]
    places = ListPlace(), ListPlace()
    MemberLists(partitions, places, keys, bytearray(BUFFER_BYTES))
    return {place.status.month for place in places if place.status}


@pytest.fixture(scope="module")
def listed(shop: Shop) -> tuple[str, bytes]:
    """A terminal that has its settings and every list it is due, and what its flash then holds."""
    at = Counter(*shop.bench())
    with at.bench as bench:
        at.cashier.switch_on()
        at.cashier.wait_list()
        until(lambda: set(list_press.wanted(now())) == _lists(shop, bench) or None, 20, lambda: _lists(shop, bench))
        at.wait_settings_kept()
        flash = bench.flash_image()
    alive(bench)
    return at.terminal, flash


@pytest.fixture
def alone(shop: Shop, listed: tuple[str, bytes], tmp_path: Path) -> Iterator[Alone]:
    """The same terminal without a network, in virtual time, switched off; its clock chip is right."""
    opened: list[BenchBoard] = []

    def place() -> BenchBoard:
        bench = shop.again(listed[0], tmp_path, listed[1], virtual=True)
        opened.append(bench)
        bench.network(False)
        bench.clock_chip(datetime.now(UTC))
        return bench

    yield place
    for bench in opened:
        bench.close()
        alive(bench)


def _refused(bench: BenchBoard, reason: str) -> None:
    cashier = Cashier(bench)
    cashier.switch_on(online=None if reason == "clock_unset" else False)
    assert cashier.check(VIP).rows == screens.refusal(reason)


def test_with_list_and_clock_it_is_valid(alone: Alone) -> None:
    cashier = Cashier(alone())
    cashier.switch_on(online=False)
    assert cashier.check(VIP).reason == "valid"


def test_list_missing(alone: Alone) -> None:
    bench = alone()
    bench.write_partition("list_a", b"")
    bench.write_partition("list_b", b"")
    _refused(bench, "list_missing")


def test_list_damaged(alone: Alone) -> None:
    bench = alone()
    for label in ("list_a", "list_b"):
        held = bytearray(bench.partition(label))
        end = len(held.rstrip(b"\xff"))
        if end:
            # Here and there behind the head that says what the file is: whatever is asked of it, it is damaged.
            for at in range(256, end, 20):
                held[at] ^= 0x10
            bench.write_partition(label, bytes(held))
    _refused(bench, "list_damaged")


def test_list_too_old(alone: Alone) -> None:
    # Where a month ends meanwhile it is next month's list that is too old: it came three days ahead.
    bench = alone()
    bench.clock_chip(datetime.now(UTC) + timedelta(hours=LIST_AGE["refuse_hours"], minutes=5))
    _refused(bench, "list_too_old")


def test_clock_unset(alone: Alone) -> None:
    bench = alone()
    bench.clock_chip(None)
    cashier = Cashier(bench)
    bench.power_on()
    cashier.wait("idle_unset")
    cashier.number(VIP)
    assert cashier.verdict_after("#").rows == screens.refusal("clock_unset")


def test_nothing_known_yet(counter: Open) -> None:
    """A terminal from the box that has never reached the centre: no settings, no list, no offer."""
    at = counter(on=False, virtual=True)
    at.bench.network(False)
    at.bench.clock_chip(datetime.now(UTC))
    _refused(at.bench, "list_missing")


def test_unprovisioned(counter: Open) -> None:
    at = counter(on=False, virtual=True, mac=0x0000AB)
    at.bench.write_partition("nvs", b"")
    at.bench.power_on()
    assert at.cashier.wait("unprovisioned")[1].strip() == "240ac40000ab"
