"""Start-up of a journal: finds its ends in the ring and mends what a power cut left. Needed once, so it can be dropped after.

Reads each sector's header, then the newest sector as a whole: the time hardly grows with the records that wait.
"""

import struct
from binascii import crc32

from firmware.terminal.ring import JournalForeign
from firmware.terminal.sector import CRC_AT, MAGIC, MARKS_AT, NO_MARKS, encode
from protocol.record import SLOT_BYTES, RecordError


class Mount:
    """What `Journal` needs to know of its ``ring``; the attributes are described there. ``key`` tells our own records.

    ``sound`` is whether the chain can be carried on: if there is any doubt, it cannot, and a new epoch must begin.
    """

    def __init__(self, ring, key):
        self._ring = ring
        self._key = key
        self.ordinal, self.tail, self.used = -1, 0, ring.slots
        self.epoch = self.sequence = self.index = self.gone = self.damaged = 0
        self.upto = (0, 0)
        self.chain = b""
        self.sound = False
        self.spoiled = b""  # what lay in the place that a cut, or damage, spoiled: it is given up
        newest = tail = -1
        self.present = present = []  # ordinals of the sectors whose header is legible
        checked = memoryview(ring.head)[:CRC_AT]
        for block in range(ring.sectors):
            # As `sector.decode`, but for what is not needed of each: there may be hundreds.
            head = ring.read_head(block)
            magic, _, sectors, ordinal = struct.unpack_from("<4sHHI", head)
            if magic != MAGIC or struct.unpack_from("<I", head, CRC_AT)[0] != crc32(checked):
                continue
            if sectors != ring.sectors:
                raise JournalForeign("ring of %d sectors in %d" % (sectors, ring.sectors))
            present.append(ordinal)
            if ordinal > newest:
                newest = ordinal
            if ordinal > tail and head[MARKS_AT : MARKS_AT + 8] != NO_MARKS:
                tail = ordinal
        if newest >= 0:
            self._find_end(ring.header(newest))
            self._find_orphan()
            self._find_tail(ring.header(tail) if tail >= 0 else None)
            self.damaged += self.ordinal - self.tail + 1
            for ordinal in present:
                if self.tail <= ordinal <= self.ordinal:
                    self.damaged -= 1

    def _find_end(self, header):
        """Where the newest sector ends, and its chain."""
        ring = self._ring
        self.ordinal = header.ordinal
        ring.hold(header.ordinal)
        low, high = 0, ring.slots
        while low < high:
            middle = (low + high) // 2
            if ring.slot(ring.first + middle * SLOT_BYTES) == b"\xff" * SLOT_BYTES:
                high = middle
            else:
                low = middle + 1
        self.used = low
        end = at = ring.first + (low - 1) * SLOT_BYTES
        record = low and ring.open(at)
        if low and record is None:
            # A cut spoils the last slot and no other. If the one before is not whole either, then this was no cut.
            at = ring.before(at)
            record = at and ring.open(at)
        self.sound = False
        self.epoch = header.epoch
        if header.key != self._key or record is None:
            records = ring.records()
            self.sequence = header.first - 1 + len(records)
            self.index = header.index + len(records)
            self.chain = ring.chain(records[-1] if records else 0)
            self.damaged = 1 if header.key == self._key else 0
            return
        self.sound = True
        self.sequence = record.sequence if record else header.first - 1
        self.index = header.index + self.sequence - header.first + 1
        self.chain = ring.chain(at if record else 0)
        # What a cut leaves half programmed may read one way now and another way later: program it again as it is taken.
        ring.write(header.ordinal, 0, ring.slot(0)[:MARKS_AT])
        if record:
            ring.write(header.ordinal, at, ring.slot(at))
        if low and at != end:
            if ring.slot(end) != bytes(SLOT_BYTES):
                self.spoiled = ring.slot(end)
            ring.spoil(header.ordinal, end)  # also what reads as zeros already, but need not tomorrow

    def _find_orphan(self):
        """The sector after the newest may hold younger records without a legible header.

        A cut in that sector's one first program leaves such a thing, and damage does. The header that belongs there is known, so
        it is programmed once more; where that does not help, the sector stays as it is and a new epoch begins behind it.
        """
        ring = self._ring
        ordinal = self.ordinal + 1
        if ring.hold(ordinal):
            return
        numbers, records = ring.numbers(), ring.records()
        first = ring.slot(records[0]) if records else b""
        if not numbers or numbers <= (self.epoch, self.sequence):
            if not numbers and len(records) == 1:
                self.spoiled = first
            return
        chain = self.chain if numbers[0] == self.epoch else ring.sealer.genesis(numbers[0])
        try:
            ring.sealer.open(first, chain)
            latest = ring.latest(self.ordinal)
            ring.write(ordinal, 0, encode(numbers[0], ring.sectors, ordinal, self.index, numbers[1], latest, self._key, chain))
            header = ring.header(ordinal)
        except RecordError:
            if len(records) == 1:
                self.spoiled = first
                return  # never called saved: that sector is not fresh, so it will be erased before it is used
            header = None
        if header:
            self.present.append(ordinal)
            self._find_end(header)
        else:
            self.sound = False
            self.ordinal = ordinal
            self.used = ring.slots
            self.epoch = numbers[0]
            self.index += len(records)

    def _find_tail(self, header):
        """The oldest sector that is not released as a whole."""
        ring = self._ring
        if header is not None:
            # Again, for the same reason as above; what a cut left undone before the run is now part of it, so read anew.
            ring.release(header.ordinal, header.index + header.released)
            header = ring.header(header.ordinal)
            self.tail = header.ordinal
            self.gone = header.index + header.released
            self.upto = (header.epoch, header.first + header.released - 1)
            return
        # No receipt yet, or its marks are damaged: from the oldest sector that holds anything. A resend does no harm.
        self.tail = max(0, self.ordinal - ring.sectors + 1)
        while self.tail < self.ordinal and not ring.hold(self.tail) and not ring.numbers():
            self.tail += 1
        header = ring.hold(self.tail)
        self.gone = header.index if header else 0
