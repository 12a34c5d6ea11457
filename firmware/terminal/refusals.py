"""The refusals: a small ring of their own, so that mashed keys can never fill the journal (law 6).

When it is full the oldest are overwritten, and what stays of them is their count: each sector begins with the counts of all
refusals before it, by reason, in a slot that no record takes.
"""

import struct
from binascii import crc32

from firmware.terminal.journal import Journal
from firmware.terminal.sector import HEADER_BYTES
from protocol.record import SLOT_BYTES

_REASONS = 20  # of 24 bits each, and a check: one slot. A code beyond them counts as the last.
_CHECK_AT = 60


class Refusals(Journal):
    """A `Journal` that is never full. Its batches have gaps where refusals were overwritten before they were sent."""

    AHEAD = 1
    FIRST = HEADER_BYTES + SLOT_BYTES

    def __init__(self, partition, sealer, first_epoch):
        self._counts = None
        super().__init__(partition, sealer, first_epoch)

    @property
    def counts(self):
        """How many refusals there ever were, by code of their reason (list)."""
        if self._counts is None:
            self._counts = self._count()
        return self._counts

    def append(self, record):
        """Write a refusal and count it."""
        counts = self.counts
        sequence = super().append(record)
        counts[min(record.reason, _REASONS - 1)] += 1
        return sequence

    def _count(self):
        ring = self._ring
        counts = [0] * _REASONS
        for ordinal in range(self._ordinal, max(-1, self._ordinal - ring.sectors), -1):
            if ring.hold(ordinal):
                for record in filter(None, map(ring.peek, ring.records())):
                    counts[min(record.reason, _REASONS - 1)] += 1
                before = ring.slot(HEADER_BYTES)
                if struct.unpack_from("<I", before, _CHECK_AT)[0] == crc32(before[:_CHECK_AT]):
                    for reason in range(_REASONS):
                        counts[reason] += int.from_bytes(before[3 * reason : 3 * reason + 3], "little")
                    break
        return counts

    def _begin(self):
        counts = b"".join(count.to_bytes(3, "little") for count in self.counts)
        return super()._begin() + counts + struct.pack("<I", crc32(counts))

    def _room(self, ahead):
        oldest = self._ordinal + ahead - self._ring.sectors + 1
        if oldest > self._tail:
            header = self._ring.header(oldest)
            self._tail = oldest
            if header and header.index > self._gone:
                self._ring.release(oldest, header.index)
                self._gone, self._upto = header.index, (header.epoch, header.first - 1)
        return True
