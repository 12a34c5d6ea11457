"""The journal on a flash that is damaged or not its own: nothing is lost that could be read, and nothing is held up."""

from journal_terminal import KEY, Terminal
from nor_flash import Partition
from raising import raises

from firmware.terminal.journal import Journal, JournalFork
from firmware.terminal.ring import JournalForeign
from protocol.record import RecordError, Sealer


def test_a_spoiled_slot_is_passed_over():
    t = Terminal()
    t.append(10)
    at = 64 + 10 * 64
    t.flash.memory[at + 20] &= 0x7F  # one bit of the next slot, as a cut leaves it
    left = bytes(t.flash.memory[at : at + 64])
    assert t.boot().spoiled == left, "its bytes are for a person to look at"
    assert (t.journal.sequence, t.journal.waiting) == (10, 10)
    assert bytes(t.flash.memory[at : at + 64]) == bytes(64)
    t.append(60, 10)
    t.boot()
    assert t.drain() == list(range(70)) and t.journal.damaged == 0
    assert t.journal.spoiled == b""


def test_a_spoiled_first_slot_of_a_sector_is_given_up():
    for byte in (30, 60):  # its number can't be read any more; it can
        t = Terminal()
        t.append(64)
        for at in range(64):
            t.flash.memory[4096 + at] |= 0x55  # no header any more, and the one record behind it is not whole
        t.flash.memory[4096 + 64 + byte] ^= 4
        left = bytes(t.flash.memory[4096 + 64 : 4096 + 128])
        assert t.boot().spoiled == left
        assert (t.journal.epoch, t.journal.sequence) == (1, 63)
        t.append(60, 100)
        assert t.boot().spoiled == b""
        assert t.drain() == list(range(63)) + list(range(100, 160))


def test_a_slot_that_does_not_take_is_passed_over():
    t = Terminal()
    t.append(10)
    for n in (12, 13, 62):
        t.flash.memory[64 + n * 64 + 5] = 0  # dead cells, found only when the slot is read back
    t.append(100, 10)
    t.boot()
    assert t.drain() == list(range(110))


def test_a_damaged_record_holds_nothing_up():
    t = Terminal()
    t.append(150)
    t.flash.memory[64 + 20 * 64 + 40] ^= 0x10
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting) == (1, 150, 150)
    sealer, bad = Sealer(KEY), []
    while True:
        batch = t.journal.batch(32)
        if batch is None:
            break
        epoch, sequence, chain, slots = batch
        for slot in slots:
            try:
                assert sealer.open(slot, chain).sequence == sequence
            except RecordError:
                bad.append(sequence)
            chain = slot[:16]
            sequence += 1
        assert t.journal.receipt(epoch, sequence - 1, chain)
    assert bad == [21] and t.journal.waiting == 0


def test_a_damaged_header_holds_nothing_up():
    for at in (1, 2):
        t = Terminal()
        t.append(200)
        t.flash.memory[at * 4096 + 20] ^= 1
        t.boot()
        assert (t.journal.epoch, t.journal.sequence, t.journal.waiting, t.journal.damaged) == (1, 200, 200, 1)
        t.append(20, 200)
        assert t.drain() == list(range(220))


def test_a_damaged_first_header_holds_nothing_up():
    t = Terminal()
    t.append(200)
    t.flash.memory[20] ^= 1
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.damaged) == (1, 200, 1)
    assert t.drain() == list(range(200))


def test_a_newest_header_that_lost_charge_is_programmed_again():
    t = Terminal()
    t.append(70)
    for at in (3, 20, 30, 45):
        t.flash.memory[4096 + at] |= 0xFF
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting, t.journal.damaged) == (1, 70, 70, 0)
    t.append(5, 70)
    t.boot()
    assert t.drain() == list(range(75))


def test_a_spoiled_newest_header_starts_an_epoch_and_loses_nothing():
    t = Terminal()
    t.append(70)
    t.flash.memory[4096 + 20] = 0
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting, t.journal.damaged) == (2, 0, 70, 1)
    assert [record.link for record in t.journal.last(8)] == [69, 68, 67, 66, 65, 64, 63, 62]
    t.append(5, 70)
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting) == (2, 5, 75)
    assert [record.link for record in t.journal.find(13800138000, 0) if record] == list(range(74, -1, -1))
    assert t.drain() == list(range(75))


def test_damage_at_the_end_starts_an_epoch():
    for at in (5, 15, 30, 60):
        t = Terminal()
        t.append(20)
        for slot in (18, 19):
            t.flash.memory[64 + slot * 64 + at] ^= 1
        t.boot()
        assert (t.journal.epoch, t.journal.sequence, t.journal.waiting, t.journal.damaged) == (2, 0, 20, 1)
        batch = t.journal.batch(32)
        assert (batch[0], batch[1], len(batch[3])) == (1, 1, 20)


def test_an_epoch_of_the_ring_is_never_used_again():
    t = Terminal()
    t.append(20)
    for slot in (18, 19):
        t.flash.memory[64 + slot * 64 + 30] ^= 1
    t.epochs.last = 0  # NVS was erased, as the boot code does on some faults
    t.boot()
    assert t.journal.epoch == 2


def test_records_of_an_earlier_epoch_go_first():
    t = Terminal()
    t.append(20)
    for slot in (18, 19):
        t.flash.memory[64 + slot * 64 + 30] ^= 1
    t.boot()
    t.append(3, 20)
    assert not t.journal.receipt(2, 3, t.journal.chain), "that would release what epoch 1 still has to send"
    assert raises(JournalFork, t.journal.receipt, 1, 21, bytes(16))
    epoch, first, _, slots = t.journal.batch(32)
    assert t.journal.receipt(epoch, first + 19, slots[19][:16])
    t.boot()
    assert t.journal.receipt(2, 3, t.journal.chain) and t.journal.waiting == 0


def test_another_key_starts_an_epoch_and_carries_the_old_records_along():
    t = Terminal()
    t.append(70)
    old = t.journal.batch(70)
    t.key = b"n" * 32
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting, t.journal.damaged) == (2, 0, 70, 0)
    assert t.journal.batch(70) == old
    assert t.journal.receipt(1, 70, old[3][-1][:16])
    t.append(2)
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting) == (2, 2, 2)


def test_a_ring_of_another_size_is_refused():
    t = Terminal()
    t.append(63 * 5 + 1)
    assert raises(JournalForeign, Journal, Partition(t.flash, 0, 4), Sealer(KEY), t.epochs)


def test_garbage_in_the_partition_is_no_journal():
    t = Terminal()
    for at in range(0, len(t.flash.memory), 3):
        t.flash.memory[at] = at * 7 & 0xFF
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting) == (2, 0, 0)
    t.append(300)
    assert t.drain() == list(range(300))
