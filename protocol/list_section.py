"""One member-list file in raw flash, base or delta: finds a bucket in two reads and searches it. See docs/list-format.md."""

import struct
from binascii import crc32

from protocol.list_header import BLOCK, ROW_BYTES, ListDamaged

BUCKET_BYTES = 1024  # no bucket is larger
BUFFER_BYTES = 1028  # one buffer serves base and deltas: the bucket's number, then the bucket
_BUCKET_AT = 4
_RESIDUE = 0x2144DF1C  # CRC-32 of anything followed by its own CRC-32
STATE_LOW = 1 << 20  # class coder: the state is refilled below this
SLOT_BITS = 12  # class coder: shares add up to 4096


class Section:
    """``partition`` is read through ``readblocks(block, buf, offset)``; ``at`` is the file's first byte in it, ``header`` its
    `ListHeader`. ``buffer`` (`BUFFER_BYTES`) may be shared: it is in use only between `load` and the searches that follow."""

    def __init__(self, partition, at, header, buffer):
        # Of the header only what a search needs: a terminal holds several deltas.
        self._partition = partition
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._edges = bytearray(4)
        self._seed = header.seed
        self._buckets = header.buckets
        self._index_at = at + header.header_bytes
        self._data_at = self._index_at + 2 * (header.buckets + 1)
        self._data_bytes = at + header.total_bytes - self._data_at
        # The average bucket, as a whole number and a rest: their products stay small integers.
        self._mean = self._data_bytes // header.buckets
        self._rest = self._data_bytes % header.buckets
        self._group = header.group
        self._width = header.width
        self._ranks = header.ranks
        self._value_bits = header.value_bits
        self._rank_bits = header.rank_bits
        self._rows = header.rows
        self._value_shares = self._shares(5)
        self._rank_shares = self._shares(7)

    def _shares(self, column):
        rows = self._rows
        return tuple(rows[at] | rows[at + 1] << 8 for at in range(column, len(rows), ROW_BYTES))

    def load(self, bucket):
        """Read a bucket into the buffer from `_BUCKET_AT` on, one read for its place and one for itself; returns where its
        checksum begins. `ListDamaged` unless the bucket is whole and is this list's bucket of that number.
        """
        self._read(self._index_at + 2 * bucket, self._edges)
        here, there = struct.unpack("<hh", self._edges)
        start = self._expected(bucket) + here
        size = self._expected(bucket + 1) + there - start
        if start < 0 or not 5 <= size <= BUCKET_BYTES or start + size > self._data_bytes:
            raise ListDamaged("list index at bucket %d" % bucket)
        end = _BUCKET_AT + size
        self._read(self._data_at + start, self._view[_BUCKET_AT:end])
        struct.pack_into("<I", self._buffer, 0, bucket)
        if crc32(self._view[:end], self._seed) != _RESIDUE:
            raise ListDamaged("list bucket %d" % bucket)
        return end - 4

    def _expected(self, bucket):
        return self._mean * bucket + self._rest * bucket // self._buckets

    def find(self, bucket, place):
        """(class index, rank) of the member at ``place`` in a base's ``bucket``, (None, -1) when there is none."""
        return self._search(_BUCKET_AT, self.load(bucket), self._value_bits, place, self._value_shares)

    def change(self, bucket, place, rank):
        """What this delta says of the number at ``place`` in the base's ``bucket``, which has ``rank`` there or is none (-1).

        A class row, None when it says nothing. Members of the base are named by rank, all others by place.
        """
        end = self.load(bucket // self._group)
        ranks_at = _BUCKET_AT + 2
        split = ranks_at + (self._buffer[_BUCKET_AT] | self._buffer[_BUCKET_AT + 1] << 8)
        bucket %= self._group
        if rank < 0:
            found = self._search(split, end, self._value_bits, bucket * self._width + place, self._value_shares)
        else:
            found = self._search(ranks_at, split, self._rank_bits, bucket * self._ranks + rank, self._rank_shares)
        return None if found[0] is None else self.class_row(found[0])

    def class_row(self, index):
        """(tier code, Unix time a trial ends or 0) of a class; the code `list_header.GONE` means no longer a member."""
        return struct.unpack_from("<BI", self._rows, index * ROW_BYTES)

    def _search(self, start, end, bits, target, shares):
        codes = end - self._buffer[start]
        rank = find_rank(self._buffer, start + 1, codes, bits, target)
        if rank < 0:
            return None, -1
        return decode_class(self._buffer, codes, end, shares, rank), rank

    def _read(self, at, buf):
        self._partition.readblocks(at // BLOCK, buf, at % BLOCK)


def find_rank(buffer, at, end, bits, target):
    """The place (0 = first) of ``target`` among the ascending numbers Rice-coded in ``buffer[at:end]``, or -1.

    A number is coded by its distance to the one before, less one: the distance's high part as that many zeros and a one,
    then its low ``bits`` (≤ 21, so that all fits a small integer).
    """
    step = 1 << bits
    value = rank = -1
    held = 0  # bits read and not yet used, ...
    top = 1  # ... all below this power of two
    while value < target:
        value += 1
        while True:
            if top == 1:
                if at == end:
                    return -1
                held = buffer[at]
                at += 1
                top = 256
            top >>= 1
            if held >= top:
                break
            value += step
        held -= top
        while top < step:
            held = held << 8 | buffer[at]
            at += 1
            top <<= 8
        top >>= bits
        value += held // top
        held %= top
        rank += 1
    return rank if value == target else -1


def decode_class(buffer, at, end, shares, rank):
    """The class index of the member at ``rank``: range ANS with byte-wise refill over ``buffer[at:end]``."""
    state = 0
    for _ in range(rank + 1):
        while state < STATE_LOW and at < end:
            state = state << 8 | buffer[at]
            at += 1
        slot = state & 4095
        index = 0
        share = shares[0]
        while slot >= share:
            slot -= share
            index += 1
            share = shares[index]
        state = share * (state >> SLOT_BITS) + slot
    return index
