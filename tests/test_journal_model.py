"""The journal against a plain list, under any order of redemptions, receipts, idle turns, restarts and power cuts."""

from __future__ import annotations

import contextlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from firmware.terminal.journal import Journal, JournalFork, JournalFull
from protocol.record import Record, Sealer
from tests.both.nor_flash import NorFlash, PowerCut
from tests.powercut.cuts import ERASE, PROGRAM, Cut, apply

SEALER = Sealer(bytes(32))
SECTORS = 4
START = 1790000000


class JournalMachine(RuleBasedStateMachine):
    """`written`: the list of (serial, member, time) that the journal is held against.

    `released`: how many of them it has given up; `granted`: how many the centre holds. A receipt that was cut may take effect at
    a later start, never for more than was granted.
    """

    @initialize()
    def switch_on(self) -> None:
        self.flash = NorFlash(SECTORS)
        self.epoch = 0
        self.serial = 0
        self.written: list[tuple[int, int, int]] = []
        self.released = self.granted = 0
        self.wasted = 0  # slots that cuts have spoiled, or restarts given up
        self.unsure: tuple[int, int, int] | None = None
        self.boot()

    def next_epoch(self, above: int) -> int:
        self.epoch = max(self.epoch, above) + 1
        return self.epoch

    def boot(self) -> None:
        self.wasted += 1
        self.journal = Journal(self.flash.partition(0, SECTORS), SEALER, self.next_epoch)

    def record(self, member: int) -> Record:
        self.serial += 1
        self.unsure = (self.serial, member, START + self.serial)
        return Record(1, 0, 0, START + self.serial, 2, 0, 202612, member, 2, 1, 1, 1, 0, 0, self.serial, 0, 0, 0)

    @rule(count=st.integers(1, 40), member=st.integers(0, 2))
    def append(self, count: int, member: int) -> None:
        for _ in range(count):
            room = len(self.written) - self.released < self.journal.capacity - self.wasted
            try:
                self.journal.append(self.record(13800138000 + member))
            except JournalFull:
                assert not room, "refused though there must have been room"
                return
            assert self.unsure
            self.written.append(self.unsure)

    @rule(limit=st.integers(1, 200))
    def exchange(self, limit: int) -> None:
        batch = self.journal.batch(limit)
        assert (batch is None) == (self.released == len(self.written))
        if batch is None:
            return
        epoch, sequence, chain, slots = batch
        for number, slot in enumerate(slots, self.released):
            record = SEALER.open(slot, chain)
            assert record.link == self.written[number][0]
            assert (record.epoch, record.sequence) == (epoch, sequence)
            chain, sequence = slot[:16], sequence + 1
        granted = self.released + len(slots)
        self.granted = max(self.granted, granted)
        assert self.journal.receipt(epoch, sequence - 1, chain)
        self.released = granted
        assert not self.journal.receipt(epoch, sequence - 1, chain), "a resend is a no-op"

    @rule(upto=st.integers(0, 400), chain=st.binary(min_size=16, max_size=16))
    def false_receipt(self, upto: int, chain: bytes) -> None:
        with contextlib.suppress(JournalFork):
            assert not self.journal.receipt(self.journal.epoch, upto, chain)

    @rule()
    def idle(self) -> None:
        self.journal.idle()

    @rule()
    def restart(self) -> None:
        self.flash.power_on()
        self.boot()
        self.take_stock()

    def take_stock(self) -> None:
        released = len(self.written) - self.journal.waiting
        assert self.released <= released <= self.granted
        self.released = released

    @rule(
        after=st.integers(0, 6),
        how=st.sampled_from(PROGRAM + ERASE),
        work=st.sampled_from(("append", "exchange", "idle", "boot")),
    )
    def cut(self, after: int, how: str, work: str) -> None:
        self.flash.cut_at = len(self.flash.operations) + after
        self.unsure = None
        try:
            if work == "append":
                self.append(10, 1)
            elif work == "exchange":
                self.exchange(20)
            elif work == "idle":
                self.journal.idle()
            else:
                self.boot()
        except PowerCut as cut:
            at, data = cut.args
            how = how if how in (ERASE if data is None else PROGRAM) else "half"
            self.flash.cut_at = None
            self.wasted += 1
            apply(self.flash, (at, data), Cut(len(self.flash.operations), how), how)
            self.flash.power_on()
            self.boot()
            # The record that was being written may be there or not: both are right.
            if self.unsure and any(record.link == self.unsure[0] for record in self.journal.last(1)):
                self.written.append(self.unsure)
            self.take_stock()
        self.flash.cut_at = None

    @invariant()
    def counts_agree(self) -> None:
        assert self.journal.waiting == len(self.written) - self.released
        assert 0 <= self.journal.level <= 100
        assert self.journal.waiting * 100 // self.journal.capacity <= self.journal.level or self.journal.level == 100

    @invariant()
    def newest_are_there(self) -> None:
        newest = [record.link for record in self.journal.last(70)]
        assert newest == [serial for serial, _, _ in self.written[-1 : -1 - len(newest) : -1]]
        assert len(newest) >= min(70, self.journal.waiting)

    @rule(member=st.integers(0, 2), back=st.integers(0, 100))
    def found_by_member(self, member: int, back: int) -> None:
        number, since = 13800138000 + member, START + self.serial - back
        found = [record.link for record in self.journal.find(number, since) if record]
        wanted = [serial for serial, bearer, time in reversed(self.written) if bearer == number and time >= since]
        assert found == wanted[: len(found)]
        if back <= self.journal.waiting:
            assert found == wanted


JournalMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestJournal = JournalMachine.TestCase
