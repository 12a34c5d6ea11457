"""The whole firmware, from its flash image: a terminal's first day, recorded once, and started from what each cut leaves.

The day is lived in real time with a centre and its broker: first start, settings, list, redemptions, a refusal, receipts, new
settings, a delta. Every flash operation is recorded, with what the glass had called saved before it. A cut's image is then
started in virtual time, without a network, and has to come up, to answer for what was saved, and to go on.

The recording stays in build/powercut/, because a day in real time is never the same twice: a replay line plays that one.
"""

from __future__ import annotations

import pickle
import random
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firmware.terminal.journal import Journal
from host_tools import boards
from host_tools.stand import screens
from host_tools.stand.cashier import Cashier
from host_tools.stand.terminal import BOARD, HEAP
from host_tools.toolchain import ROOT
from protocol.record import Sealer
from simulator.board import BenchBoard
from simulator.flash import SECTOR, FlashOperation, torn
from tests.both.nor_flash import NorFlash
from tests.powercut.centre_double import CentreDouble
from tests.powercut.cuts import CLEAN, Cut
from tests.powercut.engine import Failure, Tally
from tests.powercut.ledger import Ledger
from tests.powercut.scenario import Fault

NAME = "firmware-day"
RECORDING = ROOT / "build" / "powercut" / f"{NAME}.pickle"
HOW = ("half", "one_bit", "all_but_one", "zeroed")
_START_S = 30.0


@dataclass
class Day:
    """`before`: the flash as it was switched on · `marks`: (operations done, what, value), in order."""

    key: bytes
    time: float
    before: bytes
    operations: list[FlashOperation] = field(default_factory=list)
    marks: list[tuple[int, str, Any]] = field(default_factory=list)

    def last(self, what: str, at: int, otherwise: Any = None) -> Any:
        """What was marked last when the operation of that number was cut."""
        return next((value for done, kind, value in reversed(self.marks) if kind == what and done <= at), otherwise)

    def save(self, path: Path = RECORDING) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(self))

    @classmethod
    def load(cls, path: Path = RECORDING) -> Day:
        day = pickle.loads(path.read_bytes())  # noqa: S301 - written by this module
        assert isinstance(day, cls)
        return day


def record(folder: Path) -> Day:
    """Live the day."""
    from central import catalog, members
    from tests.end_to_end.shop import FRESH_VIPS, OFFERS, VIP, WASH, Shop, tier_code, until

    shop = Shop(folder / "shop", None)
    try:
        terminal, bench = shop.bench()
        day = Day(shop.key(terminal), time.time(), bench.flash_image())
        with bench:
            flash = bench._room.flash
            flash.trace = day.operations

            def mark(what: str, value: Any) -> None:
                day.marks.append((len(day.operations), what, value))

            def look(event: dict[str, Any]) -> None:
                # A glass half drawn over what it showed before says nothing yet.
                said = re.fullmatch(r"SAVED No (\d+) *", event["lcd"][0]) if "lcd" in event else None
                if said and screens.fits(screens.SCREENS["saved"], event["lcd"]):
                    mark("saved", int(said[1]))

            bench.events.watch(look)
            cashier = Cashier(bench)
            cashier.switch_on()
            cashier.wait_list()
            mark("list", 1)
            cashier.check(VIP)
            cashier.redeem()
            cashier.leave()
            cashier.check(str(FRESH_VIPS[3]))
            cashier.redeem()
            cashier.leave()
            shop.wait_records(terminal, 2)
            cashier.wait_received()
            cashier.check("13500135000")
            cashier.leave()
            status = cashier.page(1)[0]
            with shop.database.write() as connection:
                catalog.put_offer(connection, WASH, OFFERS[WASH][0] | {"discount": {"vip": {"percent": 30}}})
                code = tier_code(shop.database, "vip")
                row = {"active_from": 0, "active_until": None, "blocked": False, "tier": code}
                members.put(connection, [row | {"member": 13_812_000_000 + n} for n in range(40)])
            cashier.page(1, lambda rows: rows[0].split()[:2] != status.split()[:2], 60)
            until(lambda: _offers(bench, cashier, str(FRESH_VIPS[4])), 60)
            mark("percent", 30)
            for member in FRESH_VIPS[5:8]:
                cashier.check(str(member))
                cashier.redeem()
                cashier.leave()
            shop.wait_records(terminal, 5)
            cashier.wait_received()
            flash.trace = None
        return day
    finally:
        shop.close()


def _offers(bench: BenchBoard, cashier: Cashier, member: str) -> bool | None:
    """Whether the new discount has arrived; it is asked without redeeming."""
    shown = cashier.check(member)
    cashier.leave()
    return True if "-30%" in shown.rows[0] else None


def images(day: Day, wanted: Callable[[int], bool] = lambda at: True) -> Iterator[tuple[Cut, bytes]]:
    """The flash that each cut leaves."""
    flash = bytearray(day.before)
    for at, operation in enumerate(day.operations):
        length = SECTOR if operation.data is None else len(operation.data)
        old = bytes(flash[operation.at : operation.at + length])
        new = b"\xff" * SECTOR if operation.data is None else bytes(a & b for a, b in zip(old, operation.data, strict=True))
        if wanted(at):
            yield Cut(at), bytes(flash)
            seen = {old, new}
            for how in HOW:
                left = _left(old, new, how, f"{at}/{how}") if how != "zeroed" or operation.data is None else old
                if left not in seen:
                    seen.add(left)
                    yield Cut(at, how), bytes(flash[: operation.at]) + left + bytes(flash[operation.at + length :])
        flash[operation.at : operation.at + length] = new
    if wanted(len(day.operations)):
        yield Cut(len(day.operations)), bytes(flash)


def _left(old: bytes, new: bytes, how: str, seed: str) -> bytes:
    if how == "zeroed":
        return bytes(len(old))
    return torn(old, new, how, random.Random(zlib.crc32(seed.encode())))  # type: ignore[arg-type]


def verify(day: Day, image: bytes, at: int) -> None:
    """Start from `image`, in which the operation of number `at` was cut; raises `Fault` when a promise is broken."""
    saved = day.last("saved", at, 0)
    with tempfile.TemporaryDirectory(prefix="powercut-") as folder:
        bench = BenchBoard(image, boards.load(BOARD), Path(folder), heap=HEAP, virtual=True, fast=True)
        with bench:
            now = datetime.fromtimestamp(day.time + 600, UTC)
            bench.network(False)
            bench.clock(now)
            bench.clock_chip(now)
            cashier = Cashier(bench)
            try:
                number = _answered(cashier)
            except TimeoutError as error:
                raise Fault("unbootable", str(error).splitlines()[0]) from error
            if number < saved:
                raise Fault("lost", f"the display answers {number} where it had said {saved}")
            _journal(day, bench, saved, number)
            if day.last("list", at):
                _serves(day, cashier, at, number)
                _journal(day, bench, number + 1, number + 1)


def _answered(cashier: Cashier) -> int:
    """Switch on; the number of the last redemption, as the display shows it after a restart."""
    cashier.bench.power_on()
    first = ("idle", "idle_unset", "idle_old", "last")
    rows = cashier.still(lambda rows: any(screens.fits(screens.SCREENS[name], rows) for name in first), _START_S)
    number = 0
    if screens.fits(screens.SCREENS["last"], rows):
        number = int(rows[0].split("#")[1])
        cashier.keys("*")
    cashier.wait_idle(timeout=_START_S)
    return number


def _serves(day: Day, cashier: Cashier, at: int, number: int) -> None:
    """Verdicts from what lists and settings there are, and one redemption more."""
    shown = cashier.check("13500135000")
    if shown.reason != "not_member":
        raise Fault("wrong", f"a stranger's verdict is {shown.reason}")
    cashier.leave()
    shown = cashier.check("13811110020")
    if shown.reason != "valid":
        raise Fault("wrong", f"a member's verdict is {shown.reason}")
    if "-30%" not in shown.rows[0] and ("-20%" not in shown.rows[0] or day.last("percent", at)):
        raise Fault("wrong", f"the discount is {shown.rows[0]}")
    said = cashier.redeem()
    if said != number + 1:
        raise Fault("doubled" if said <= number else "lost", f"the next redemption is {said} after {number}")


def _journal(day: Day, bench: BenchBoard, least: int, most: int) -> None:
    """What lies in the journal's partition, read by the same code in this process: a whole chain from 1 to what was saved."""
    data = bench.partition("journal")
    flash = NorFlash(len(data) // SECTOR, data)
    sealer = Sealer(day.key)
    journal = Journal(flash.partition(0, len(data) // SECTOR), sealer, lambda above: above + 100)
    if not least <= journal.sequence <= most:
        raise Fault("lost", f"the journal ends at {journal.sequence}, the display said {least}")
    sequences = [record.sequence for record in journal.last(1000)]
    if sequences != list(range(journal.sequence, 0, -1)):
        raise Fault("lost", f"the journal holds {sequences}")
    centre = CentreDouble(sealer, Ledger(), gaps=True)
    while batch := journal.batch(32):
        journal.receipt(*centre.take(batch))


def campaign(day: Day, share: int = 0, shares: int = 1, every: int = 1) -> Tally:
    """As `engine.campaign`."""
    tally = Tally(operations=len(day.operations) if share == 0 else 0)
    for cut, image in images(day, lambda at: at % every == 0 and at // every % shares == share):
        tally.points += 1
        failure = judged(day, cut, image)
        if failure:
            tally.faults[failure.kind] += 1
            tally.failures.append(failure)
    return tally


def judged(day: Day, cut: Cut, image: bytes) -> Failure | None:
    """The broken promise, if any."""
    try:
        verify(day, image, cut.at)
    except Fault as fault:
        return Failure(NAME, (cut,), fault.kind, str(fault))
    except Exception as error:
        return Failure(NAME, (cut,), "unbootable", f"{type(error).__name__}: {error}")
    return None


def replay(day: Day, cut: Cut) -> Failure | None:
    """Play one cut of the recorded day again."""
    for found, image in images(day, lambda at: at == cut.at):
        if (found.at, found.how) == (cut.at, cut.how or CLEAN):
            return judged(day, cut, image)
    raise ValueError(f"{NAME} has no cut {cut}")
