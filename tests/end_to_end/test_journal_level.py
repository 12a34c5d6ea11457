"""A journal that fills: a warning from 80 %, a refusal in plain words when it is full, and all of it received in the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from firmware.terminal.journal import Journal, JournalFull
from host_tools import boards
from host_tools.stand.terminal import BOARD
from protocol.month import month_of
from protocol.record import REDEMPTION, Record, Sealer
from tests.end_to_end.conftest import Counter
from tests.end_to_end.shop import Shop

Open = Callable[..., Counter]
SECTOR = 4096


class Flash:
    """A partition in memory, as the journal sees it."""

    def __init__(self, size: int) -> None:
        self.memory = bytearray(b"\xff" * size)

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        at = block * SECTOR + offset
        buf[:] = self.memory[at : at + len(buf)]

    def writeblocks(self, block: int, buf: bytes, offset: int = 0) -> None:
        at = block * SECTOR + offset
        self.memory[at : at + len(buf)] = bytes(a & b for a, b in zip(self.memory[at : at + len(buf)], buf, strict=True))

    def ioctl(self, operation: int, block: int) -> int:
        if operation == 4:
            return len(self.memory) // SECTOR
        if operation == 6:
            self.memory[block * SECTOR : (block + 1) * SECTOR] = b"\xff" * SECTOR
        return 0


def filled(key: bytes, percent: int) -> tuple[bytes, int]:
    """What a journal partition holds when `percent` of it wait, and how many records that is: a customer every ten seconds.

    More than 100 is until it takes no more."""
    flash = Flash(boards.load(BOARD).partition("journal").size)
    journal = Journal(flash, Sealer(key), lambda above: above + 1)
    start = int(time.time()) - 11 * journal.capacity
    while journal.level < percent:
        at = start + 10 * journal.sequence
        member = 13800000000 + journal.sequence
        try:
            journal.append(Record(REDEMPTION, 0, 0, at, 1, 0, month_of(at), member, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0))
        except JournalFull:
            break
        journal.idle()
    return bytes(flash.memory), journal.sequence


def _fill(shop: Shop, at: Counter, percent: int) -> int:
    """Let a terminal that was online fill its journal without a network."""
    at.bench.power_cut()
    memory, count = filled(shop.key(at.terminal), percent)
    at.bench.write_partition("journal", memory)
    at.bench.network(False)
    at.bench.clock_chip(datetime.now(UTC))
    return count


def test_warns_from_eighty_percent(shop: Shop, counter: Open) -> None:
    at = counter(on=False, epoch=1)
    _fill(shop, at, 81)
    at.cashier.switch_on(online=None)
    at.cashier.wait("idle_full", 10, level=81)
    # It takes turns with the prompt, and a customer can be served.
    at.cashier.wait_idle()


def test_full_refuses_and_is_received_in_the_end(shop: Shop, counter: Open) -> None:
    at = counter()
    at.cashier.wait_list()
    count = _fill(shop, at, 101)
    assert count >= 10_000
    at.cashier.switch_on(online=None)
    member = shop.member()
    shown = at.cashier.check(member)
    assert shown.reason == "valid"
    assert shown.ms <= 1000
    at.cashier.keys("#")
    at.cashier.wait("full")
    assert at.bench.leds["red"]
    at.cashier.leave()
    at.bench.network(True)
    rows = shop.wait_records(at.terminal, count, timeout=90)
    assert len({row.member for row in rows}) == count
    assert at.cashier.check(member).reason == "valid"
    assert at.cashier.redeem() == count + 1
    shop.wait_records(at.terminal, count + 1)
