"""What a terminal does to its journal and to its ring of refusals, through the code that runs on the device."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from firmware.terminal.journal import Journal, JournalFull
from firmware.terminal.refusals import Refusals
from protocol.record import Record, Sealer
from tests.both.nor_flash import NorFlash
from tests.powercut.centre_double import CentreDouble
from tests.powercut.ledger import Ledger
from tests.powercut.scenario import Fault, Scenario

KEY = bytes(range(32))
JOURNAL = Sealer(KEY)
REFUSALS = Sealer(KEY, b"refusal")
REDEMPTION, VOID, REFUSAL = 1, 2, 9
MAY_1 = 1777564800


class Terminal:
    """The journal on a flash that has just been switched on, and the world it stands in."""

    def __init__(self, flash: NorFlash, ledger: Ledger, sectors: int) -> None:
        self.flash = flash
        self.ledger = ledger
        flash.power_on()
        self.journal = Journal(flash.partition(0, sectors), JOURNAL, self._first_epoch)
        self.centre = CentreDouble(JOURNAL, ledger)

    def _first_epoch(self, above: int) -> int:
        epoch = max(self.ledger.last("epoch", 0), above) + 1
        self.ledger.note("epoch", epoch)
        return epoch

    def serial(self) -> int:
        """A number no record bore before; it tells one redemption from another, whatever happens to both."""
        number: int = self.ledger.last("tried", 0) + 1
        self.ledger.note("tried", number)
        return number

    def append(self, kind: int = REDEMPTION) -> None:
        """Redeem, as the desk does: once this returns, the display has said "saved"."""
        number = self.serial()
        self.journal.append(
            Record(kind, 0, 0, MAY_1 + number, 2, 0, 202605, 13800138000 + number % 5, 2, 1, 1, 1, 0, 0, number, 0, 0, 0)
        )
        self.ledger.note("saved", number)

    def exchange(self, limit: int = 32) -> bool:
        """One batch up, its receipt down; False when nothing waits."""
        batch = self.journal.batch(limit)
        if batch is None:
            return False
        epoch, upto, chain = self.centre.take(batch)
        if not self.journal.receipt(epoch, upto, chain):
            raise Fault("wrong", f"the receipt for {epoch}/{upto} released nothing")
        return True


class JournalScenario(Scenario):
    """What all share: the check after the cut. The flash is the journal's partition alone unless `sectors` says more."""

    journal_sectors: ClassVar[int] = 4
    sectors: ClassVar[int] = 4

    def start(self, flash: NorFlash, ledger: Ledger) -> Terminal:
        return Terminal(flash, ledger, self.journal_sectors)

    def verify(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        newest = self._newest(terminal)
        for _ in terminal.journal.find(13800138000, 0):
            pass
        while terminal.exchange():
            pass
        self._held_once(terminal)
        held = max((record.link for _, record in terminal.centre.held.values()), default=0)
        if newest != held:
            raise Fault("wrong", f"the display answers {newest}, the centre's newest is {held}")
        for more in (6, 2, 3):
            # What was mended must carry weight: records on top of it, and one more start.
            for _ in range(more):
                terminal.append()
            terminal = self.start(flash, ledger)
            terminal.journal.idle()
        while terminal.exchange(5):
            pass
        self._held_once(terminal)

    @staticmethod
    def _newest(terminal: Terminal) -> int:
        """After a restart the display answers "did it go through?" from this."""
        saved = terminal.ledger.last("saved", 0)
        newest: int = next((record.link for record in terminal.journal.last(1)), 0)
        if newest < saved or newest > terminal.ledger.last("tried", 0):
            raise Fault("lost", f"the newest record is {newest}, the display had said {saved}")
        return newest

    @staticmethod
    def _held_once(terminal: Terminal) -> None:
        serials = Counter(record.link for _, record in terminal.centre.held.values())
        tried = set(terminal.ledger.all("tried"))
        for number in terminal.ledger.all("saved"):
            if not serials[number]:
                raise Fault("lost", f"redemption {number} was called saved and never reached the centre")
        for number, times in serials.items():
            if times > 1:
                raise Fault("doubled", f"redemption {number} reached the centre {times} times")
            if number not in tried:
                raise Fault("wrong", f"redemption {number} was never made")
        if terminal.journal.waiting:
            raise Fault("wrong", f"{terminal.journal.waiting} records wait though all were sent")


class FirstBoot(JournalScenario):
    name = "first-boot"
    pairs = True

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        terminal.append()
        terminal.append()


class FirstBootOverGarbage(FirstBoot):
    """The partition held something else before."""

    name = "first-boot-garbage"
    pairs = False

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:
        flash.memory[:] = random.Random(5).randbytes(len(flash.memory))


class Redeem(JournalScenario):
    """From the end of one sector through the whole of the next, with idle time."""

    name = "redeem"

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(60):
            terminal.append()

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(70):
            terminal.journal.idle()
            terminal.append()


class RedeemPairs(Redeem):
    """Two cuts, around the change of sectors; the erase falls into the append, because idle never had its turn."""

    name = "redeem-pairs"
    pairs = True

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(6):
            terminal.append()


class Void(Redeem):
    """A void is a record like another, and its redemption may be the last thing that was saved."""

    name = "void"

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(8):
            terminal.append()
            terminal.append(VOID)
            terminal.exchange(3)


class Receipt(Redeem):
    """Receipts of all lengths while redemptions go on, across sectors."""

    name = "receipt"

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for turn in range(40):
            terminal.exchange(1 + turn % 9)
            terminal.append()
            terminal.journal.idle()


class ReceiptPairs(Redeem):
    name = "receipt-pairs"
    pairs = True

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for limit in (1, 7, 32, 32):
            terminal.exchange(limit)
            terminal.append()
            terminal.journal.idle()


class Reuse(JournalScenario):
    """Round the ring, and into sectors that were in use a lap ago."""

    name = "reuse"

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(300):
            terminal.append()
            while terminal.journal.waiting > 100:
                terminal.exchange()

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for turn in range(140):
            terminal.append()
            if turn % 10 == 0:
                terminal.exchange(11)
            if turn % 3:
                terminal.journal.idle()


class NearlyFull(JournalScenario):
    """Up to JournalFull without a receipt, then receipts that make room for some more."""

    name = "nearly-full"

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(150):
            terminal.append()
        while terminal.exchange():
            pass
        for _ in range(terminal.journal.capacity - 5):
            terminal.append()

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(4):
            try:
                for _ in range(70):
                    terminal.append()
                    terminal.journal.idle()
            except JournalFull:
                terminal.exchange(20)
                terminal.exchange(20)

    def verify(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        if terminal.journal.level < 60:
            raise Fault("wrong", f"the journal takes itself for {terminal.journal.level} % full")
        super().verify(flash, ledger)


class Restarts(Redeem):
    """A terminal that loses power every few redemptions, as on a bad socket."""

    name = "restarts"

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        for turn in range(25):
            terminal = self.start(flash, ledger)
            for _ in range(turn % 4):
                terminal.append()
            if turn % 5 == 0:
                terminal.exchange(4)


class NewKey(Redeem):
    """Provisioned anew while records of the old key wait: they go first, under their own epoch."""

    name = "new-key"

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        flash.power_on()
        old = Journal(flash.partition(0, self.journal_sectors), Sealer(b"o" * 32), lambda above: above + 1)
        del old
        terminal = self.start(flash, ledger)
        for _ in range(3):
            terminal.append()


class Month(Redeem):
    """The 1st of the month: the same chain goes on, and limits count from the new month's first record."""

    name = "month-roll-over"

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal = self.start(flash, ledger)
        for _ in range(10):
            terminal.append()
            used = sum(1 for record in terminal.journal.find(13800138000, MAY_1 + 60) if record)
            if used != sum(1 for number in ledger.all("saved") if number >= 60 and number % 5 == 0):
                raise Fault("wrong", f"{used} uses counted")


class MixedSeeds(JournalScenario):
    """Anything in any order; one scenario a seed."""

    seed: ClassVar[int]
    journal_sectors = 5
    sectors = 5

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        choice = random.Random(self.seed)
        terminal = self.start(flash, ledger)
        for _ in range(120):
            turn = choice.randrange(20)
            try:
                if turn < 14:
                    for _ in range(choice.choice((1, 1, 1, 5, 30))):
                        terminal.append()
                elif turn < 16:
                    terminal.exchange(choice.randrange(1, 33))
                elif turn < 19:
                    terminal.journal.idle()
                else:
                    terminal = self.start(flash, ledger)
            except JournalFull:
                while terminal.journal.waiting > 30:
                    terminal.exchange()


class RefusalRing(JournalScenario):
    """Mashed keys beside redemptions: the ring goes round, the journal next to it does not notice."""

    name = "refusals"
    sectors = 8
    ring = 4

    def _ring(self, flash: NorFlash, ledger: Ledger) -> Refusals:
        def first_epoch(above: int) -> int:
            epoch = max(ledger.last("refusal epoch", 0), above) + 1
            ledger.note("refusal epoch", epoch)
            return epoch

        return Refusals(flash.partition(self.journal_sectors, self.ring), REFUSALS, first_epoch)

    @staticmethod
    def _refuse(ring: Refusals, ledger: Ledger) -> None:
        number = ledger.last("refusing", 0) + 1
        ledger.note("refusing", number)
        ring.append(Record(REFUSAL, 0, 0, MAY_1, 2, 0, 202605, 13800138000, 0, 1, 1, 1, 0, 0, number, number % 17, 0, 0))
        ledger.note("refused", number)

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:
        self.start(flash, ledger).append()
        ring = self._ring(flash, ledger)
        for _ in range(240):
            self._refuse(ring, ledger)

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        terminal, ring = self.start(flash, ledger), self._ring(flash, ledger)
        centre = CentreDouble(REFUSALS, Ledger(), gaps=True)
        for turn in range(100):
            self._refuse(ring, ledger)
            if turn % 3 == 0:
                terminal.append()
                ring.idle()
            if turn % 17 == 0 and (batch := ring.batch(32)):
                ring.receipt(*centre.take(batch))

    def verify(self, flash: NorFlash, ledger: Ledger) -> None:
        super().verify(flash, ledger)
        flash.power_on()
        ring = self._ring(flash, ledger)
        refused, tried = ledger.last("refused", 0), ledger.last("refusing", 0)
        newest = next((record.link for record in ring.last(1)), 0)
        if not refused <= newest <= tried:
            raise Fault("lost", f"the newest refusal is {newest}, {refused} had been logged")
        if not refused <= sum(ring.counts) <= tried:
            raise Fault("lost", f"{sum(ring.counts)} refusals counted, {refused} had been logged")
        centre = CentreDouble(REFUSALS, Ledger(), gaps=True)
        while batch := ring.batch(32):
            ring.receipt(*centre.take(batch))
        self._refuse(ring, ledger)
        if not ring.batch(1):
            raise Fault("wrong", "the ring takes nothing any more")


def mixed(seeds: int) -> Iterator[Scenario]:
    """`mixed-1`, `mixed-2`, …"""
    for seed in range(1, seeds + 1):
        kind = type(f"Mixed{seed}", (MixedSeeds,), {"name": f"mixed-{seed}", "seed": seed, "fast": False})
        yield kind()
