"""A ring of sectors on a raw partition, addressed by ordinals that only grow. One is held at a time, a part of 1 KiB of it."""

from firmware.terminal import sector
from firmware.terminal.sector import HEADER_BYTES, MARKS_AT, SECTOR_BYTES
from protocol.record import CHAIN_BYTES, SLOT_BYTES, RecordError

_BLANK = b"\xff" * CHAIN_BYTES
_SPOILED = bytes(CHAIN_BYTES)
_CHAIN_AT = 28
_WINDOW = 1024
BUFFER_BYTES = 1028  # a bucket of a member list and its number, see `protocol.list_section`


class JournalForeign(Exception):
    """The ring was written to a partition of another size: it must be read out (``cheyou rescue``) before this one is used."""


class Ring:
    """``partition`` has the `esp32.Partition` interface; ``first`` is the offset of a sector's first slot."""

    # All rings share one buffer, and whoever else reads flash: after anybody else's turn a sector is held anew.
    buffer = bytearray(BUFFER_BYTES)
    _view = memoryview(buffer)[:_WINDOW]

    def __init__(self, partition, sealer, first):
        self._partition = partition
        self.head = bytearray(HEADER_BYTES)  # of the sector whose header was read last
        self.sealer = sealer
        self.sectors = partition.ioctl(4, 0)
        self.first = first
        self.slots = (SECTOR_BYTES - first) // SLOT_BYTES
        self._held, self._window = 0, -1

    def header(self, ordinal):
        """The `Header` of the sector where ``ordinal`` lies, or None; it may be of another lap."""
        return sector.decode(self.read_head(ordinal))

    def is_fresh(self, ordinal):
        """Whether the sector was wholly erased and not used since."""
        return sector.is_fresh(self.read_head(ordinal))

    def read_head(self, ordinal):
        """The bytes of a header, in `head`: there until the next is read."""
        self._partition.readblocks(ordinal % self.sectors, self.head, 0)
        return self.head

    def hold(self, ordinal):
        """Have a sector read as it is needed; its `Header`, or None when it has none of this lap."""
        self._held = ordinal
        self._window = -1
        header = self.header(ordinal)
        return header if header and header.ordinal == ordinal else None

    def write(self, ordinal, at, data):
        """Program ``data`` at offset ``at``: bits can only be cleared."""
        self._partition.writeblocks(ordinal % self.sectors, data, at)

    def spoil(self, ordinal, at):
        """Program the slot at offset ``at``, which a cut has spoiled, to zeros, so that it reads the same for ever."""
        self.write(ordinal, at, bytes(SLOT_BYTES))

    def reads(self, ordinal, at, data, back):
        """Whether ``data`` can be read at offset ``at``; ``back`` is a buffer of its length."""
        self._partition.readblocks(ordinal % self.sectors, back, at)
        return back == data

    def erase(self, ordinal):
        """Erase a sector (45 ms), and mark that the erase came to its end."""
        self._partition.ioctl(6, ordinal % self.sectors)
        self.write(ordinal, HEADER_BYTES - len(sector.ERASED), sector.ERASED)

    def release(self, ordinal, index):
        """Mark all records before ``index`` as receipted, in the header of the sector they end in; whether it reads so."""
        header = self.header(ordinal)
        if header is None or header.ordinal != ordinal:
            return False
        self.write(ordinal, MARKS_AT, sector.marks(index - header.index))
        header = self.header(ordinal)
        return header is not None and header.released is not None

    # Of the sector held

    def slot(self, at):
        """The 64 bytes at offset ``at``."""
        at = self._see(at)
        return bytes(self._view[at : at + SLOT_BYTES])

    def chain(self, at):
        """The chain value after the record at ``at``; for 0, before the sector's first."""
        at = self._see(at or _CHAIN_AT)
        return bytes(self._view[at : at + CHAIN_BYTES])

    def is_record(self, at):
        """Whether a record was programmed at ``at``, sound or not."""
        at = self._see(at)
        head = self._view[at : at + CHAIN_BYTES]
        return head != _BLANK and head != _SPOILED

    def bearing(self, finger):
        """The offsets that bear a member's ``finger`` (`Sealer.finger`), newest first."""
        found = []
        low, high = finger
        view = self._view
        for window in range(SECTOR_BYTES - _WINDOW, -1, -_WINDOW):
            self._see(window)
            for at in range(_WINDOW - SLOT_BYTES, -1, -SLOT_BYTES):
                if view[at + 14] == low and view[at + 15] == high and window + at >= self.first:
                    found.append(window + at)
        return found

    def _see(self, at):
        """Read the part of the sector that ``at`` lies in, unless it is there; where it lies in there."""
        window = at - at % _WINDOW
        if window != self._window:
            self._window = -1  # in case the read fails
            self._partition.readblocks(self._held % self.sectors, self._view, window)
            self._window = window
        return at - window

    def records(self):
        """The offsets of all records, oldest first."""
        return [at for at in range(self.first, SECTOR_BYTES, SLOT_BYTES) if self.is_record(at)]

    def before(self, at):
        """The offset of the record before ``at``; 0 when there is none."""
        at -= SLOT_BYTES
        while at >= self.first and not self.is_record(at):
            at -= SLOT_BYTES
        return at if at >= self.first else 0

    def open(self, at):
        """The `Record` at ``at``, or None unless it is whole and follows the one before."""
        try:
            return self.sealer.open(self.slot(at), self.chain(self.before(at)))
        except RecordError:
            return None

    def peek(self, at):
        """The `Record` at ``at`` without that proof, or None when it is not legible."""
        try:
            return self.sealer.peek(self.slot(at))
        except RecordError:
            return None

    def numbers(self):
        """(epoch, sequence of the first record) from the records, whatever the header says; None when none is legible."""
        for count, at in enumerate(self.records()):
            record = self.peek(at)
            if record:
                return record.epoch, record.sequence - count
        return None

    def latest(self, ordinal):
        """A time (Unix seconds) that no record up to the end of sector ``ordinal`` is younger than."""
        latest = 0
        while ordinal >= 0:
            header = self.hold(ordinal)
            for record in filter(None, map(self.peek, self.records())):
                latest = max(latest, record.time)
            if header:
                return max(latest, header.latest)
            ordinal -= 1
        return latest
