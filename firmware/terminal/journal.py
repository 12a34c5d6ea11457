"""The journal: redemptions, voids and date changes on raw flash, until the centre has proved that it stored them (laws 1, 2, 7).

A ring of 4 KiB sectors, each a header and 63 slots. Power may go at any instant of any flash operation; what holds then, and
why, is in docs/journal.md together with the format.
"""

from firmware.terminal import sector
from firmware.terminal.ring import Ring
from protocol.record import CHAIN_BYTES, SLOT_BYTES, Record


class JournalFull(Exception):
    """Every record in the ring still waits for its receipt: nothing is taken in before the centre has been reached."""


class JournalFork(Exception):
    """The centre holds another record under one of our numbers; nothing is released."""


class Journal:
    """Mounts ``partition`` (the `esp32.Partition` interface). ``first_epoch(above)`` gives an epoch greater than ``above`` that
    was never used before, and has stored it when it returns; it is asked when there is no chain that can be carried on.

    epoch, sequence, chain: of the last record · damaged: sectors found at start-up, among those that wait, whose header or end
    could not be read; what is in them is sent as it is · spoiled: the bytes of a last slot that was not whole, or b"".
    """

    AHEAD = 2  # sectors kept erased ahead of need
    FIRST = sector.HEADER_BYTES  # offset of a sector's first slot

    def __init__(self, partition, sealer, first_epoch):
        from firmware.terminal.mount import Mount  # here, so that main.py can drop the module again

        self._sealer = sealer
        self._ring = ring = Ring(partition, sealer, self.FIRST)
        self._key = sealer.genesis(0)[:4]  # no chain starts there: epochs begin at 1
        found = Mount(ring, self._key)
        self.epoch, self.sequence, self.chain, self.damaged = found.epoch, found.sequence, found.chain, found.damaged
        self.spoiled = found.spoiled
        self._ordinal = found.ordinal  # of the sector that records are appended to
        self._used = found.used  # slots of it that are no longer erased
        self._tail = found.tail  # the oldest sector that is not released as a whole: none before it is needed
        self._index = found.index  # records the ring has ever taken …
        self._gone = found.gone  # … and how many of them are receipted
        self._upto = found.upto  # epoch and sequence of the last of these
        self._latest = None  # no record is younger; None until the head sector was read for it
        self._ready = 0  # sectors erased ahead of the head
        # The power may have gone at the very beginning of a program: what comes next reads as erased, and need not tomorrow.
        self._doubtful = found.sound
        while found.used < ring.slots and self._ready < self.AHEAD and ring.is_fresh(self._ordinal + self._ready + 1):
            self._ready += 1
        if not found.sound:
            self._start_epoch(first_epoch(found.epoch))

    @property
    def waiting(self):
        """Records that no receipt covers yet."""
        return self._index - self._gone

    @property
    def capacity(self):
        """Records that can wait at once, however they lie."""
        return (self._ring.sectors - 1) * self._ring.slots

    @property
    def level(self):
        """How full the ring is of what waits, in percent."""
        free = (self._ring.sectors - self._ordinal + self._tail) * self._ring.slots - self._used
        # Slots can be wasted (a new epoch takes a new sector), so neither count alone tells how near the end is.
        return min(100, max(self.waiting, self.capacity - free) * 100 // self.capacity)

    @property
    def receipted(self):
        """(epoch, sequence) of the last record that the centre has proved to hold."""
        return self._upto

    def append(self, record):
        """Write ``record`` as the next of the chain and return its sequence: when this returns, it is on flash.

        Epoch and sequence are filled in. `JournalFull` or `OSError`: nothing was saved. One program; an erase (45 ms) only
        where `idle` never got its turn.
        """
        slot = self._sealer.seal(Record(record[0], self.epoch, self.sequence + 1, *record[3:]), self.chain)
        chain = slot[:CHAIN_BYTES]  # once the slot is on flash, nothing may fail for want of memory
        while not self._put(slot):
            pass  # that slot is spoiled: the next one, the next sector, at last JournalFull
        self.sequence += 1
        self._index += 1
        self.chain = chain
        if self._latest is not None and record.time > self._latest:
            self._latest = record.time
        return self.sequence

    def batch(self, limit):
        """(epoch, first sequence, chain before, [slots]) of at most ``limit`` waiting records, oldest first; None without any.

        Slots go out as they lie on flash: what cannot be read here is the centre's to judge, and holds nothing up (law 4).
        """
        start, slots = None, []
        if self.waiting:
            for _, _, epoch, sequence, chain, at in self._walk(self._tail):
                if (epoch, sequence) <= self._upto:
                    continue
                if start is None:
                    start = (epoch, sequence, chain)
                elif (epoch, sequence) != (start[0], start[1] + len(slots)):
                    break
                slots.append(self._ring.slot(at))
                if len(slots) == limit:
                    break
        return start and start + (slots,)

    def receipt(self, epoch, upto, chain):
        """Release all records to ``upto``, given the ``chain`` value after it; whether that released any.

        `JournalFork` when we never wrote that record, or wrote another one: nothing is released.
        """
        if (epoch, upto) > (self.epoch, self.sequence):
            raise JournalFork("receipt for %d/%d, written %d/%d" % (epoch, upto, self.epoch, self.sequence))
        oldest = self.batch(1)
        # A receipt for a later epoch says nothing about records of an earlier one that still wait.
        if oldest is None or epoch != oldest[0] or upto < oldest[1]:
            return False
        start = self._tail
        for ordinal in range(start + 1, self._ordinal + 1):
            header = self._ring.header(ordinal)
            if header and (header.epoch, header.first) > (epoch, upto):
                break
            if header:
                start = ordinal
        for ordinal, index, at_epoch, sequence, _, at in self._walk(start):
            if (at_epoch, sequence) == (epoch, upto) and self._ring.chain(at) == chain:
                if self._ring.release(ordinal, index + 1):
                    self._tail = ordinal  # only what the flash itself remembers lets a sector be erased
                self._gone, self._upto = index + 1, (epoch, upto)
                return True
        raise JournalFork("receipt for %d/%d is not for our record" % (epoch, upto))

    def idle(self):
        """Erase at most one sector ahead of need (45 ms); whether it did. To be called when no key is pressed."""
        self._learn_latest()
        if self._ready >= self.AHEAD or not self._room(self._ready + 1):
            return False
        self._ring.erase(self._ordinal + self._ready + 1)
        self._ready += 1
        return True

    def last(self, count):
        """The newest ``count`` records, newest first, receipted ones included as far back as they are still there."""
        for record in self.history():
            if count < 1:
                return
            if record is not None:
                count -= 1
                yield record

    def find(self, member, since):
        """The records of ``member`` (int) from ``since`` (Unix seconds) on, newest first.

        Yields None after each sector (four reads of 1 KiB, 63 comparisons) so that an asyncio caller can let others run; the
        journal may be used in between. Ends at the first sector before which all records are older.
        """
        for record in self.history(self._sealer.finger(member), since):
            if record is None or (record.member == member and record.time >= since):
                yield record

    def _walk(self, start):
        """(ordinal, index, epoch, sequence, chain before, offset) of each record from sector ``start`` to the head."""
        ring = self._ring
        epoch = sequence = index = 0
        chain = bytes(CHAIN_BYTES)
        for ordinal in range(start, self._ordinal + 1):
            header = ring.hold(ordinal)
            if header:
                epoch, sequence, index, chain = header.epoch, header.first, header.index, header.chain
            else:
                epoch, sequence = ring.numbers() or (epoch, sequence)
                if sequence == 1:
                    chain = self._sealer.genesis(epoch)
            for at in ring.records():
                yield ordinal, index, epoch, sequence, chain, at
                chain = ring.chain(at)
                sequence += 1
                index += 1

    def history(self, finger=None, since=0):
        """Records newest first, and None after each sector (see `find`); with ``finger`` only those that bear it."""
        ring = self._ring
        for ordinal in range(self._ordinal, max(-1, self._ordinal - ring.sectors), -1):
            header = ring.hold(ordinal)
            if header is None and ordinal < self._tail:
                return  # erased since
            for at in ring.bearing(finger) if finger else reversed(ring.records()):
                # Where the header is lost, so is the proof of the sector's first record.
                record = ring.open(at) if header or ring.before(at) else ring.peek(at)
                if record is not None:
                    yield record
                    ring.hold(ordinal)  # whoever took it may have used the journal
            yield None
            if header and header.latest < since:
                return

    def _room(self, ahead):
        """Whether the sector ``ahead`` of the head may be erased: what it held a lap ago is released."""
        return self._ordinal + ahead - self._tail < self._ring.sectors

    def _start_epoch(self, epoch):
        self.epoch, self.sequence, self.chain = epoch, 0, self._sealer.genesis(epoch)
        try:
            # Written at once: a terminal that restarts again and again must not use up an epoch each time.
            head = self._begin()
        except JournalFull:
            self._used = self._ring.slots
            return
        self._ring.write(self._ordinal, 0, head)
        self._used = 0 if self._ring.header(self._ordinal) else self._ring.slots

    def _begin(self):
        """Take the next sector and return what it is to begin with."""
        if not self._room(1):
            raise JournalFull("%d records wait" % self.waiting)
        self._learn_latest()
        ordinal = self._ordinal + 1
        head = sector.encode(
            self.epoch, self._ring.sectors, ordinal, self._index, self.sequence + 1, self._latest, self._key, self.chain
        )
        if self._ready:
            self._ready -= 1
        else:
            self._ring.erase(ordinal)
        self._ordinal = ordinal
        return head

    def _put(self, slot):
        """Program ``slot`` into the next free place; whether it can be read back from there."""
        ring = self._ring
        if self._doubtful and self._used < ring.slots:
            # Given up only now, so that a terminal which restarts for ever does not fill the journal with such places.
            ring.spoil(self._ordinal, ring.first + self._used * SLOT_BYTES)
            self._used += 1
        self._doubtful = False
        if self._used < ring.slots:
            at, data = ring.first + self._used * SLOT_BYTES, slot
            used = self._used + 1
        else:
            at, data = 0, self._begin() + slot
            used = 1
        back = bytearray(len(data))
        ring.write(self._ordinal, at, data)
        self._used = used
        if ring.reads(self._ordinal, at, data, back):
            return True
        ring.spoil(self._ordinal, at + len(data) - SLOT_BYTES)
        if at == 0 and ring.header(self._ordinal) is None:
            self._used = ring.slots
        return False

    def _learn_latest(self):
        # The head's own records are not yet in any header.
        if self._latest is None:
            self._latest = self._ring.latest(self._ordinal)
