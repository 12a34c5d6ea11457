"""The refusals' ring: bounded, counted, sent like records, and no concern of the journal."""

from nor_flash import NorFlash, Partition

from firmware.terminal.refusals import Refusals
from protocol.record import Record, Sealer

KEY = b"k" * 32


def refusal(reason, serial=0):
    return Record(9, 0, 0, 1796054400, 2, 0, 202612, 13800138000, 0, 1, 3, 9, 0, 0, serial, reason, 0, 0)


class Ring:
    def __init__(self):
        self.flash = NorFlash(4)
        self.epoch = 0
        self.boot()

    def boot(self):
        self.refusals = Refusals(Partition(self.flash), Sealer(KEY, b"refusal"), self.next_epoch)

    def next_epoch(self, above):
        self.epoch = max(self.epoch, above) + 1
        return self.epoch


def serials(batch):
    """The serials of a batch, its chain checked."""
    epoch, sequence, chain, slots = batch
    sealer, result = Sealer(KEY, b"refusal"), []
    for slot in slots:
        record = sealer.open(slot, chain)
        assert (record.epoch, record.sequence) == (epoch, sequence)
        result.append(record.link)
        chain = slot[:16]
        sequence += 1
    return result


def test_never_full_and_always_counted():
    ring = Ring()
    for n in range(1000):
        assert ring.refusals.append(refusal(n % 17, n)) == n + 1
        ring.refusals.idle()
        if n % 111 == 0:
            ring.boot()
    assert ring.refusals.counts[:17] == [1000 // 17 + (reason < 1000 % 17) for reason in range(17)]
    ring.boot()
    assert sum(ring.refusals.counts) == ring.refusals.sequence == 1000
    assert ring.refusals.waiting <= 4 * 62
    assert ring.refusals.waiting > 2 * 61


def test_batches_begin_where_nothing_was_overwritten():
    ring = Ring()
    for n in range(500):
        ring.refusals.append(refusal(1, n))
    ring.boot()
    seen = []
    while True:
        batch = ring.refusals.batch(32)
        if batch is None:
            break
        seen += serials(batch)
        assert ring.refusals.receipt(batch[0], batch[1] + len(batch[3]) - 1, batch[3][-1][:16])
    assert seen == list(range(seen[0], 500)) and len(seen) > 120
    ring.boot()
    assert ring.refusals.waiting == 0 and ring.refusals.batch(32) is None


def test_a_receipt_for_what_was_overwritten_does_nothing():
    ring = Ring()
    for n in range(10):
        ring.refusals.append(refusal(1, n))
    batch = ring.refusals.batch(10)
    for n in range(600):
        ring.refusals.append(refusal(2, n))
    assert not ring.refusals.receipt(batch[0], 10, batch[3][9][:16])
    assert ring.refusals.counts[1:3] == [10, 600]


def test_an_append_is_one_program_and_mostly_no_erase():
    ring = Ring()
    ring.refusals.append(refusal(1))
    for n in range(300):
        ring.refusals.idle()
        before, erases = ring.flash.programs, sum(ring.flash.erases)
        ring.refusals.append(refusal(1, n))
        assert sum(ring.flash.erases) == erases
        assert ring.flash.programs == before + 1


def test_an_unknown_reason_is_counted_as_the_last():
    ring = Ring()
    ring.refusals.append(refusal(200))
    ring.boot()
    assert ring.refusals.counts[19] == 1


def test_damaged_counts_are_taken_from_the_sector_before():
    ring = Ring()
    for n in range(70):
        ring.refusals.append(refusal(3, n))
    ring.flash.memory[4096 + 64 + 9] ^= 1
    ring.boot()
    assert ring.refusals.counts[3] == 70
