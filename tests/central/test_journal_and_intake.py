"""The terminal's real journal on flash against the centre's real intake, and what could make the two disagree about a record."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from central import demo, incidents, marks, registry, schema
from central.ingest import Batch, Intake, Receipt
from firmware.terminal.journal import Journal, JournalFork, JournalFull
from protocol.month import month_of
from protocol.record import REDEMPTION, VOID, Record, Sealer
from provisioning import ring_image
from provisioning.hand_in import hand_in
from tests.both.nor_flash import SECTOR, NorFlash
from tests.central.conftest import Seeded
from tests.central.test_ingest import rows, whole

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NOW = 1_796_054_400
SECTORS = 6


class Terminal:
    """A journal on a flash; `saved` are the serial numbers of what a display would have called saved (`price` bears them)."""

    def __init__(self, seeded: Seeded, flash: NorFlash | None = None, epochs: list[int] | None = None) -> None:
        self.seeded = seeded
        self.flash = flash or NorFlash(SECTORS)
        self.epochs = epochs if epochs is not None else [0]
        self.saved: list[int] = []
        self.boot()

    def boot(self) -> None:
        self.flash.power_on()
        self.journal = Journal(self.flash.partition(0, SECTORS), Sealer(self.seeded.key), self._epoch)

    def _epoch(self, above: int) -> int:
        self.epochs.append(max(self.epochs[-1], above) + 1)
        return self.epochs[-1]

    def clone(self) -> Terminal:
        """Another unit with the same flash: the same identity twice."""
        twin = Terminal(self.seeded, self.flash.copy(), list(self.epochs))
        twin.saved = list(self.saved)
        return twin

    def redeem(self, serials: range, **fields: Any) -> None:
        for serial in serials:
            record = {"kind": REDEMPTION, "time": NOW, "clock": 1, "month": month_of(NOW), "member": 13_800_138_000, "tier": 2}
            self.journal.append(Record(**dict.fromkeys(Record._fields, 0) | record | {"offer": 1, "price": serial} | fields))
            self.saved.append(serial)

    def offer(self, limit: int = 32) -> tuple[Batch, Receipt] | None:
        """The oldest waiting records to the centre, and its receipt on the way back."""
        found = self.journal.batch(limit)
        if found is None:
            return None
        epoch, first, chain, slots = found
        sent = Batch(self.seeded.terminal, "records", epoch, first, chain, slots, NOW)
        with self.seeded.database.write() as connection:
            return sent, Intake(connection, self.seeded.database, self.seeded.directory).take([sent])[0]

    def hear(self, receipt: Receipt) -> bool:
        return bool(self.journal.receipt(receipt.epoch, receipt.position.upto, receipt.position.chain))

    def drain(self) -> None:
        while exchanged := self.offer():
            self.hear(exchanged[1])


def serials(seeded: Seeded) -> list[int]:
    """What the centre holds, by the numbers that tell redemptions apart."""
    return [row.price for row in rows(seeded) if row.kind == REDEMPTION]


def test_one_identity_twice(seeded: Seeded) -> None:
    """The second one's records are lost to nobody: the centre keeps them beside its own, and they stay where they were saved."""
    one = Terminal(seeded)
    one.redeem(range(5))
    one.drain()
    two = one.clone()
    one.redeem(range(100, 103))
    two.redeem(range(200, 204))
    one.drain()
    for _ in range(3):
        exchanged = two.offer()
        assert exchanged
        with pytest.raises(JournalFork):
            two.hear(exchanged[1])
    two.boot()
    assert (one.journal.waiting, two.journal.waiting) == (0, 4)
    assert serials(seeded) == [*range(5), 100, 101, 102] and whole(seeded)
    with seeded.database.read() as connection:
        found = connection.execute(sa.select(schema.incidents)).all()
    batch = two.journal.batch(32)
    assert batch
    assert [(row.kind, bytes(row.offered), row.offers) for row in found] == [("fork", b"".join(batch[3]), 3)]
    assert bytes(found[0].held).endswith(b"".join(bytes(row.slot) for row in rows(seeded)[5:]))


def test_old_hardware_goes_on_after_a_swap(seeded: Seeded) -> None:
    """Its records arrive twice, from both; those it makes afterwards are taken in as well, and marked."""
    old = Terminal(seeded)
    old.redeem(range(10), time=NOW - 100)
    new = old.clone()
    with seeded.database.write() as connection:
        registry.fence(connection, demo.TERMINAL, 2, "test")
    since = NOW + 10
    with seeded.database.write() as connection:
        connection.execute(schema.fences.update().values(since=since))
    new.drain()
    old.redeem(range(10, 13), time=since + 5)
    old.drain()
    new.drain()
    assert (old.journal.waiting, new.journal.waiting) == (0, 0)
    assert serials(seeded) == list(range(13)) and whole(seeded)
    assert [bool(row.marks & marks.FENCED) for row in rows(seeded)] == [False] * 10 + [True] * 3


def test_receipts_that_are_not_ours_release_nothing(seeded: Seeded) -> None:
    one = Terminal(seeded)
    one.redeem(range(40))
    exchanged = one.offer()
    assert exchanged
    receipt = exchanged[1]
    assert one.hear(receipt)
    for epoch, upto, chain in (
        (1, 40, receipt.position.chain), (1, 41, bytes(16)), (2, 1, bytes(16)), (1, 0xFFFFFFFF, receipt.position.chain),
        (1, 40, bytes(16)), (0xFFFF, 1, one.journal.chain),
    ):  # fmt: skip
        with pytest.raises(JournalFork):
            one.journal.receipt(epoch, upto, chain)
    assert not one.hear(receipt), "the same again does nothing"
    assert not one.journal.receipt(0, 5, bytes(16))
    one.boot()
    assert one.journal.waiting == 8
    one.drain()
    assert serials(seeded) == list(range(40))


def test_a_void_when_the_journal_is_full(seeded: Seeded) -> None:
    """It is refused like anything else; once there is room it takes back what it names, and nothing twice."""
    one = Terminal(seeded)
    with pytest.raises(JournalFull):
        one.redeem(range(10_000))
    count = len(one.saved)
    for _ in range(3):
        with pytest.raises(JournalFull):
            one.redeem(range(5, 6), kind=VOID, link=3, link_epoch=1)
    one.boot()
    assert one.journal.waiting == count >= one.journal.capacity
    one.drain()
    one.redeem(range(1), kind=VOID, link=3, link_epoch=1)
    one.drain()
    held = rows(seeded)
    assert serials(seeded) == list(range(count)) and whole(seeded)
    assert [row.sequence for row in held if row.voided] == [3]


def test_the_centre_comes_back_from_a_backup(seeded: Seeded) -> None:
    """What it had receipted since is gone there, and released here: an incident names it, and the flash still has it."""
    one = Terminal(seeded)
    one.redeem(range(30))
    one.drain()
    with seeded.database.write() as connection:  # the backup was made after the 10th
        tenth = rows(seeded)[9]
        connection.execute(schema.records.delete().where(schema.records.c.sequence > 10))
        connection.execute(schema.chains.update().values(upto=10, chain=bytes(tenth.slot)[:16]))
    one.redeem(range(30, 35))
    told = []
    while exchanged := one.offer():
        told.append(exchanged[1].position.upto)
        one.hear(exchanged[1])
    assert told == [10, 10, 35]
    with seeded.database.read() as connection:
        assert [(row["kind"], row["first"], row["state"]) for row in incidents.listing(connection)] == [("gap", 31, "taken")]
    assert hand_in(seeded.database, demo.TERMINAL, [ring_image.read(bytes(one.flash.memory), seeded.key, "records")]) == {
        "records": 20
    }
    assert serials(seeded) == list(range(35)) and whole(seeded)


@pytest.mark.parametrize("broken", ["header", "records"])
def test_a_rescued_flash_with_a_damaged_sector(seeded: Seeded, broken: str) -> None:
    """All that can still be read is handed in at once, also what lies behind the damage."""
    one = Terminal(seeded)
    one.redeem(range(180))
    start = SECTOR if broken == "header" else SECTOR + 64
    for at in range(start, start + 40 if broken == "header" else 2 * SECTOR):
        one.flash.memory[at] &= 0x5A
    found = ring_image.read(bytes(one.flash.memory), seeded.key, "records")
    hand_in(seeded.database, demo.TERMINAL, [found])
    # Of records that are gone as a whole the next one takes its proof along: its bytes are kept, unread.
    lost = set() if broken == "header" else set(range(63, 127))
    assert set(serials(seeded)) == set(range(180)) - lost
    assert len(rows(seeded)) == 180
    assert found.damaged == (1 if broken == "header" else 0)


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_everything(seeded: Seeded, seed: int) -> None:
    """Messages lost, doubled, late; receipts likewise; power cuts in between: nothing saved is lost or there twice."""
    draw = random.Random(seed)
    one = Terminal(seeded)
    serial = 0
    underway: list[Receipt] = []
    for _ in range(250):
        match draw.randrange(8):
            case 0 | 1 | 2:
                for _ in range(draw.choice((1, 2, 20))):
                    try:
                        one.redeem(range(serial, serial + 1))
                    except JournalFull:
                        break
                    serial += 1
            case 3 | 4:
                exchanged = one.offer(draw.randrange(1, 33))
                if exchanged and draw.random() < 0.8:
                    underway += [exchanged[1]] * draw.choice((1, 1, 2))
            case 5 | 6:
                if underway:
                    try:
                        one.hear(underway.pop(draw.randrange(len(underway))))
                    except JournalFork as error:
                        raise AssertionError("no outage may look like a fork") from error
            case 7:
                if draw.random() < 0.5:
                    one.journal.idle()
                else:
                    one.boot()
    one.drain()
    assert serials(seeded) == one.saved and whole(seeded)
    with seeded.database.read() as connection:
        assert not incidents.listing(connection)
