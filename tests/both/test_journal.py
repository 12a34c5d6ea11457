"""The journal against a NOR flash: what is saved stays, what is receipted goes, what is damaged holds nothing up."""

from nor_flash import NorFlash, Partition

from firmware.terminal.journal import Journal, JournalFork, JournalFull
from firmware.terminal.ring import JournalForeign
from protocol.record import Record, RecordError, Sealer

KEY = b"k" * 32
SECTORS = 6
NOW = 1796054400


class Epochs:
    """What NVS gives: an epoch never used before."""

    def __init__(self):
        self.last = 0

    def __call__(self, above):
        self.last = max(self.last, above) + 1
        return self.last


def redemption(serial, member=13800138000, time=NOW):
    return Record(1, 0, 0, time, 2, 0, 202612, member, 2, 1, 3, 9, 0, 0, serial, 0, 0, 0)


class Terminal:
    """A journal on a flash, and what it takes to start it again."""

    def __init__(self, sectors=SECTORS, key=KEY):
        self.flash = NorFlash(sectors)
        self.epochs = Epochs()
        self.key = key
        self.boot()

    def boot(self):
        self.journal = Journal(Partition(self.flash), Sealer(self.key), self.epochs)
        return self.journal

    def append(self, count, first=0):
        return [self.journal.append(redemption(first + n)) for n in range(count)]

    def drain(self, limit=32):
        """Send and receipt all that waits; the serials (`link`) in order, chain checked."""
        sealer = Sealer(self.key)
        serials = []
        while True:
            batch = self.journal.batch(limit)
            if batch is None:
                return serials
            epoch, sequence, chain, slots = batch
            assert 1 <= len(slots) <= limit
            for slot in slots:
                record = sealer.open(slot, chain)
                assert (record.epoch, record.sequence) == (epoch, sequence)
                serials.append(record.link)
                sequence += 1
                chain = slot[:16]
            assert self.journal.receipt(epoch, sequence - 1, chain)


def raises(error, call, *arguments):
    try:
        call(*arguments)
    except error:
        return True
    return False


def test_a_blank_partition_starts_an_epoch_and_only_one():
    t = Terminal()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting, t.journal.level) == (1, 0, 0, 0)
    for _ in range(5):
        t.boot()
    assert t.journal.epoch == 1 and t.epochs.last == 1
    assert t.journal.batch(32) is None


def test_records_survive_a_restart_in_order():
    t = Terminal()
    assert t.append(150) == list(range(1, 151))
    chain = t.journal.chain
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.chain, t.journal.waiting) == (1, 150, chain, 150)
    assert t.append(1, 150) == [151]
    assert t.drain() == list(range(151))
    assert t.journal.waiting == 0 and t.journal.receipted == (1, 151)


def test_an_append_is_one_program_within_a_page():
    t = Terminal(SECTORS)
    t.append(3)
    for n in range(200):
        t.journal.idle()
        before, erases = t.flash.programs, sum(t.flash.erases)
        t.append(1, n)
        assert (t.flash.programs - before, sum(t.flash.erases) - erases) == (1, 0)


def test_idle_erases_one_sector_at_a_time_and_stops():
    t = Terminal()
    done = [t.journal.idle() for _ in range(4)]
    assert done == [True, True, False, False]
    erases = sum(t.flash.erases)
    t.boot()
    assert not t.journal.idle(), "what was erased ahead is still known after a restart"
    assert sum(t.flash.erases) == erases


def test_a_receipt_survives_a_restart_exactly():
    t = Terminal()
    t.append(200)
    for upto in (1, 2, 63, 64, 65, 126, 127, 199, 200):
        epoch, first, _, slots = t.journal.batch(200)
        slots = slots[: upto - first + 1]
        assert t.journal.receipt(epoch, upto, slots[-1][:16])
        t.boot()
        assert (t.journal.waiting, t.journal.receipted) == (200 - upto, (1, upto))
        rest = t.journal.batch(200)
        assert (rest is None) == (upto == 200)
        assert rest is None or (rest[1], rest[2]) == (upto + 1, slots[-1][:16])


def test_a_receipt_is_one_program():
    t = Terminal()
    t.append(200)
    epoch, first, _, slots = t.journal.batch(300)
    before = t.flash.programs
    assert t.journal.receipt(epoch, first + 180, slots[180][:16])
    assert t.flash.programs == before + 1


def test_old_receipts_are_no_ops_and_false_ones_forks():
    t = Terminal()
    t.append(100)
    epoch, _, _, slots = t.journal.batch(100)
    assert t.journal.receipt(1, 50, slots[49][:16])
    assert not t.journal.receipt(1, 50, slots[49][:16])
    assert not t.journal.receipt(1, 20, bytes(16))
    assert not t.journal.receipt(0, 9, bytes(16))
    for epoch, upto, chain in ((1, 60, bytes(16)), (1, 60, slots[60][:16]), (1, 101, t.journal.chain), (2, 1, bytes(16))):
        assert raises(JournalFork, t.journal.receipt, epoch, upto, chain)
    assert t.journal.waiting == 50
    assert t.drain() == list(range(50, 100))


def test_full_refuses_and_a_receipt_makes_room():
    t = Terminal()
    t.append(t.journal.capacity)
    assert t.journal.waiting == 315
    count = t.journal.capacity
    try:
        while count < 1000:
            t.append(1, count)
            count += 1
    except JournalFull:
        pass
    assert t.journal.level == 100 and count == SECTORS * 63
    t.boot()
    assert raises(JournalFull, t.append, 1) and t.journal.waiting == count
    assert not t.journal.idle()
    epoch, _, _, slots = t.journal.batch(100)
    t.journal.receipt(epoch, 100, slots[99][:16])
    t.append(63, count)
    assert raises(JournalFull, t.append, 1)
    assert t.drain() == list(range(100, count + 63))


def test_capacity_holds_however_the_records_lie():
    for offset in range(0, 64):
        t = Terminal(3)
        t.append(offset)
        t.drain()
        assert t.append(t.journal.capacity)[-1] == offset + 126
        assert t.journal.level == 100


def test_level_warns_in_time():
    t = Terminal(11)
    levels = []
    for n in range(t.journal.capacity):
        t.append(1, n)
        levels.append(t.journal.level)
    assert levels == sorted(levels) and levels[0] == 0 and levels[-1] == 100
    assert 78 <= levels[len(levels) * 4 // 5] <= 81


def test_many_laps():
    t = Terminal()
    sent = []
    for lap in range(30):
        t.append(97, lap * 97)
        t.journal.idle()
        if lap % 3 == 0:
            t.boot()
        if lap % 2:
            sent += t.drain(29)
    assert sent == list(range(30 * 97))
    assert max(t.flash.erases) - min(t.flash.erases) <= 1, "wear is even"


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


def test_last_goes_back_through_sectors_and_receipts():
    t = Terminal()
    t.append(150)
    t.drain()
    t.boot()
    assert [record.link for record in t.journal.last(100)] == list(range(149, 49, -1))
    assert [record.link for record in t.journal.last(1)] == [149]
    assert len(list(t.journal.last(1000))) == 150


def test_find_by_member_and_time():
    t = Terminal()
    members = [13800138000 + n % 7 for n in range(300)]
    for n, member in enumerate(members):
        t.journal.append(redemption(n, member, NOW + n * 60))
        if n == 200:
            t.boot()
    wanted = [n for n in range(299, -1, -1) if members[n] == 13800138003]
    found = list(t.journal.find(13800138003, 0))
    assert [record.link for record in found if record] == wanted
    assert found.count(None) == 5
    since = list(t.journal.find(13800138003, NOW + 250 * 60))
    assert [record.link for record in since if record] == [n for n in wanted if n >= 250]
    assert since.count(None) == 2, "older sectors are not read"
    assert not [record for record in t.journal.find(13900139000, 0) if record]


def test_find_while_the_journal_is_used():
    t = Terminal()
    t.append(150)
    found = []
    for record in t.journal.find(13800138000, 0):
        if record:
            found.append(record.link)
        elif len(found) < 140:
            t.append(1, 150)
            t.journal.idle()
            t.journal.batch(3)
    assert found == list(range(149, -1, -1))


def test_a_clock_that_ran_ahead_hides_nothing():
    t = Terminal()
    year = 365 * 86400
    for n in range(200):
        t.journal.append(redemption(n, time=NOW + (year if n < 70 else 0) + n))
    t.boot()
    found = [record.link for record in t.journal.find(13800138000, NOW + year) if record]
    assert found == list(range(69, -1, -1))
