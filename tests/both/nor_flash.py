"""NOR flash in memory, for tests on both interpreters: programming only clears bits, erasing is by 4 KiB sectors.

What a power cut can leave is `torn_program` and `torn_erase`; bits that a cut left half programmed may in addition be *weak*:
they read anew, one way or the other, at each power-on until they are programmed again or erased (`power_on`).

Not imitated: time (the simulator's flash has it), wear-out, read disturb, bits outside the operation that was cut.
"""

SECTOR = 4096
PAGE = 256


class PowerCut(Exception):
    """The power went at this operation: (address, data or None) as in the log."""


class NorFlash:
    """``sectors`` of 4 KiB. ``operations`` is the log: (address, bytes programmed, or None for an erase)."""

    def __init__(self, sectors, image=None):
        self.memory = bytearray(image) if image else bytearray(b"\xff" * (sectors * SECTOR))
        self.operations = []
        self.erases = [0] * sectors
        self.programs = 0
        self.reads = 0
        self.bytes_read = 0
        self.cut_at = None  # number of the operation that does not happen any more
        self.weak = {}  # address -> mask of bits that read one way or the other
        self.seed = 0  # of which way they read
        self.steady = 0  # power-ons for which they read as they do now

    def read(self, at, buf):
        self.reads += 1
        self.bytes_read += len(buf)
        buf[:] = self.memory[at : at + len(buf)]

    def program(self, at, data):
        if at // PAGE != (at + len(data) - 1) // PAGE:
            raise ValueError("a program of %d bytes at %d crosses a page" % (len(data), at))
        self._count(at, bytes(data))
        self.programs += 1
        memory = self.memory
        for i in range(len(data)):
            memory[at + i] &= data[i]
        if self.weak:
            for i in range(len(data)):
                if at + i in self.weak:
                    self._settle(at + i, self.weak[at + i] & data[i])

    def erase(self, at):
        self._count(at, None)
        self.erases[at // SECTOR] += 1
        self.memory[at : at + SECTOR] = b"\xff" * SECTOR
        for address in [address for address in self.weak if at <= address < at + SECTOR]:
            del self.weak[address]

    def power_on(self):
        """Weak bits read anew."""
        if self.steady:
            self.steady -= 1
        elif self.weak:
            import random

            self.seed = (self.seed * 69069 + 1) & 0x3FFFFFFF
            random.seed(self.seed)
            for address in self.weak:
                mask = self.weak[address]
                self.memory[address] = self.memory[address] & ~mask | random.getrandbits(8) & mask

    def copy(self):
        """Another chip with the same contents; its log is empty."""
        other = NorFlash(len(self.memory) // SECTOR, self.memory)
        other.weak = dict(self.weak)
        other.seed = self.seed
        other.steady = self.steady
        return other

    def partition(self, first, sectors):
        """A `Partition` of this flash."""
        return Partition(self, first, sectors)

    def _count(self, at, data):
        if self.cut_at is not None and len(self.operations) >= self.cut_at:
            raise PowerCut(at, data)
        self.operations.append((at, data))

    def _settle(self, address, mask):
        if mask:
            self.weak[address] = mask
        else:
            del self.weak[address]


class Partition:
    """The `esp32.Partition` interface to some sectors of a `NorFlash`."""

    def __init__(self, flash, first=0, sectors=None):
        self.flash = flash
        self._first = first * SECTOR
        self._sectors = len(flash.memory) // SECTOR - first if sectors is None else sectors

    def readblocks(self, block, buf, offset=0):
        self.flash.read(self._at(block, offset, len(buf)), buf)

    def writeblocks(self, block, buf, offset):
        self.flash.program(self._at(block, offset, len(buf)), buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self._sectors
        if op == 5:
            return SECTOR
        if op == 6:
            self.flash.erase(self._at(arg, 0, SECTOR))
        return 0

    def _at(self, block, offset, length):
        at = block * SECTOR + offset
        if at < 0 or at + length > self._sectors * SECTOR:
            raise OSError(-258)
        return self._first + at
