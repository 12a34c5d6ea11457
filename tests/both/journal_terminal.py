"""A journal on a NOR flash, and what it takes to start it again."""

from nor_flash import NorFlash, Partition

from firmware.terminal.journal import Journal
from protocol.record import Record, Sealer

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
