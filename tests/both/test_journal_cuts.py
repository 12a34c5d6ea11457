"""Power cuts on the interpreter the device has: a sample of what `make powercut` does in full on CPython."""

from nor_flash import SECTOR, NorFlash, Partition, PowerCut

from firmware.terminal.journal import Journal
from protocol.record import Record, Sealer

KEY = b"k" * 32
SEALER = Sealer(KEY)


def clean(old, new):
    return old


def half(old, new):
    middle = len(new) // 2
    return new[:middle] + old[middle:]


def tail(old, new):
    middle = len(new) // 2
    return old[:middle] + new[middle:]


def every_other_bit(old, new):
    return bytes(a ^ ((a ^ b) & 0x55) for a, b in zip(old, new))


class TornFlash(NorFlash):
    """Leaves the operation that is cut as ``torn`` says."""

    torn = None

    def _count(self, at, data):
        if self.cut_at == len(self.operations):
            length = SECTOR if data is None else len(data)
            old = bytes(self.memory[at : at + length])
            new = b"\xff" * SECTOR if data is None else bytes(a & b for a, b in zip(old, data))
            self.memory[at : at + length] = self.torn(old, new)
            raise PowerCut
        self.operations.append((at, data))


class World:
    def __init__(self, cut_at, torn):
        self.flash = TornFlash(4)
        self.flash.torn = torn
        self.epoch = 0
        self.saved = []
        self.tried = 0
        self.held = {}
        for _ in range(60):
            self.start().append(self.record()) if self.tried == 0 else self.journal.append(self.record())
            self.saved.append(self.tried)
        self.flash.operations = []
        self.flash.cut_at = cut_at

    def start(self):
        self.journal = Journal(Partition(self.flash), SEALER, self.next_epoch)
        return self.journal

    def next_epoch(self, above):
        self.epoch = max(self.epoch, above) + 1
        return self.epoch

    def record(self):
        self.tried += 1
        return Record(1, 0, 0, 1796054400, 2, 0, 202612, 13800138000, 2, 1, 3, 9, 0, 0, self.tried, 0, 0, 0)

    def append(self):
        self.journal.append(self.record())
        self.saved.append(self.tried)

    def exchange(self):
        batch = self.journal.batch(17)
        if batch is None:
            return False
        epoch, sequence, chain, slots = batch
        for slot in slots:
            record = SEALER.open(slot, chain)
            assert (record.epoch, record.sequence) == (epoch, sequence)
            assert self.held.get((epoch, sequence), record.link) == record.link
            self.held[(epoch, sequence)] = record.link
            chain = slot[:16]
            sequence += 1
        assert self.journal.receipt(epoch, sequence - 1, chain)
        return True

    def work(self):
        self.start()
        for turn in range(8):
            self.append()
            if turn in (3, 6):
                self.exchange()
            if turn == 5:
                self.journal.idle()


def cut_everywhere(torn):
    cut = 0
    while True:
        world = World(cut, torn)
        try:
            world.work()
            done = True
        except PowerCut:
            done = False
        world.flash.cut_at = None
        world.start()
        world.append()
        world.start()
        while world.exchange():
            pass
        serials = sorted(world.held.values())
        assert len(set(serials)) == len(serials), "doubled"
        assert not [serial for serial in world.saved if serial not in serials], "lost"
        if done:
            assert cut > 10
            return
        cut += 1


def test_clean_cuts():
    cut_everywhere(clean)


def test_first_halves():
    cut_everywhere(half)


def test_second_halves():
    cut_everywhere(tail)


def test_every_other_bit():
    cut_everywhere(every_other_bit)
