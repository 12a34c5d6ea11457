"""One leg of the course: a terminal, its cashier, and the weather."""

from __future__ import annotations

import contextlib
import statistics
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from firmware.terminal.journal import Journal
from host_tools.boards import Board
from host_tools.flash.memory_partition import MemoryPartition
from host_tools.qualification.course import Leg
from host_tools.stand.cashier import Cashier
from host_tools.stand.screens import Words
from protocol.month import month_of
from protocol.record import REDEMPTION, Record, Sealer
from simulator.board import BenchBoard

_FIRST_EPOCH = 1
_NEVER_MS = 999_999.0
_LIST_S = 60.0
# A customer whom the terminal does not serve at all within this is one it has lost.
_PATIENCE_S = 6.0


@dataclass
class Measured:
    """What was seen at the counter. `saved` are the sequences that the display has called saved, beside those it began with."""

    verdict_ms: list[float] = field(default_factory=list)
    by_list: int = 0
    wrong_verdicts: int = 0
    keys_lost: int = 0
    saved: set[int] = field(default_factory=set)
    restarts: int = 0
    lost_packets: int = 0
    drain_s: float = 0.0

    def values(self) -> dict[str, float]:
        """By the names of the limits, and some more."""
        times = self.verdict_ms or [_NEVER_MS]
        return {
            "verdict_median_ms": round(statistics.median(times)), "verdict_worst_ms": round(max(times)),
            "keys_lost": self.keys_lost, "wrong_verdicts": self.wrong_verdicts, "restarts": self.restarts,
            "drain_s": round(self.drain_s, 1), "customers": len(self.verdict_ms), "by_list": self.by_list,
            "saved": len(self.saved), "packets_lost": self.lost_packets,
        }  # fmt: skip


def filled(board: Board, key: bytes, count: int, at: int) -> bytes:
    """A journal partition with `count` redemptions of the time `at`, as the terminal's own code writes them."""
    ring = MemoryPartition(b"\xff" * board.partition("journal").size)
    journal = Journal(ring, Sealer(key), lambda _above: _FIRST_EPOCH)
    for n in range(count):
        journal.append(Record(REDEMPTION, 0, 0, at, 1, 0, month_of(at), 13_900_000_000 + n, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0))
    return bytes(ring.content)


def serve(leg: Leg, bench: BenchBoard, words: Words, members: Iterator[str], report: Callable[[], None]) -> Measured:
    """Serve the leg's customers in its weather, and clear it up; `report` is called after each."""
    measured = Measured()
    cashier = Cashier(bench, *leg.key_ms, words)
    cashier.switch_on()
    cashier.wait_list(_LIST_S)
    started = bench.events.position
    with _weather(leg, bench):
        for _ in range(leg.customers):
            _customer(cashier, words, next(members), measured)
            report()
    measured.keys_lost = cashier.missed
    measured.lost_packets = bench.lost_packets
    measured.restarts = sum("booted" in event.values() for event in bench.events.since(started) if "event" in event)
    return measured


def _customer(cashier: Cashier, words: Words, member: str, measured: Measured) -> None:
    try:
        shown = cashier.check(member, timeout=_PATIENCE_S)
        measured.verdict_ms.append(shown.ms)
        if shown.reason != "valid":
            measured.wrong_verdicts += 1
        else:
            measured.by_list += words.field("valid", "path", shown.rows) == words.plain(words.words["by_list"])
            measured.saved.add(cashier.redeem())
        cashier.leave()
    except TimeoutError:
        measured.wrong_verdicts += 1
        with contextlib.suppress(ValueError):  # saved all the same
            measured.saved.add(int(words.field("saved", "sequence", cashier.bench.lcd)))
        for _ in range(3):
            cashier.bench.keys("*", 80, 300)


@contextlib.contextmanager
def _weather(leg: Leg, bench: BenchBoard) -> Iterator[None]:
    over = threading.Event()

    def flap(there: float, gone: float) -> None:
        while not over.wait(there):
            bench.network(False)
            over.wait(gone)
            bench.network(True)

    bench.lan(delay_ms=leg.delay_ms, loss=leg.loss)
    flapping = threading.Thread(target=flap, args=leg.flap_s, daemon=True) if leg.flap_s else None
    if flapping:
        flapping.start()
    try:
        yield
    finally:
        over.set()
        if flapping:
            flapping.join()
        bench.lan(delay_ms=0, loss=0)
