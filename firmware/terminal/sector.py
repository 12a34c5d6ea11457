"""The header of a journal sector: what it says and how it lies on flash. Byte by byte in docs/journal.md."""

import struct
from binascii import crc32
from collections import namedtuple

SECTOR_BYTES = 4096
HEADER_BYTES = 64
MARKS_AT = 48
_CRC_AT = 44
_ERASED_AT = 56
_MAGIC = b"CYJ1"
_FIELDS = "<4sHHIIII4s16s"
# Programmed once an erase has ended, and taken back when the sector comes into use: an erase that was cut short can leave
# a sector that reads as blank, or as it was before; neither bears this mark.
ERASED = b"erased\r\n"
_FRESH = b"\xff" * _ERASED_AT + ERASED
_ALL_MARKS = (1 << 64) - 1

# sectors: the ring has · ordinal: of this one, counted since the ring began · index: records in the ring before this sector ·
# first: sequence of its first record · latest: no record before this sector is younger · key: whose records · chain: value
# before the first record · released: how many of its records the centre has; None when no mark says anything
Header = namedtuple("Header", ("epoch", "sectors", "ordinal", "index", "first", "latest", "key", "chain", "released"))


def encode(epoch, sectors, ordinal, index, first, latest, key, chain):
    """The 64 bytes that begin a sector: fields and check, marks still unprogrammed, the erased mark taken back."""
    fields = struct.pack(_FIELDS, _MAGIC, epoch, sectors, ordinal, index, first, latest, key, chain)
    return fields + struct.pack("<I", crc32(fields)) + b"\xff" * 8 + bytes(8)


def decode(head):
    """The `Header` at the start of ``head``, or None when there is none that can be trusted."""
    if head[:4] != _MAGIC or struct.unpack_from("<I", head, _CRC_AT)[0] != crc32(head[:_CRC_AT]):
        return None
    fields = struct.unpack_from(_FIELDS, head)[1:]
    return Header(*fields + (_released(struct.unpack_from("<Q", head, MARKS_AT)[0]),))


def is_fresh(head):
    """Whether these 64 bytes begin a sector that was wholly erased and not used since."""
    return head == _FRESH


def marks(released):
    """The 8 bytes to program over the marks: bit 0 "all before this sector", then a bit for each of ``released`` records."""
    return struct.pack("<Q", _ALL_MARKS >> released + 1 << released + 1)


def _released(bits):
    if bits == _ALL_MARKS:
        return None
    # A cut clears some of the bits it was asked to and never another, so the unbroken run from the start is always true.
    released = -1
    while not bits & 1 and released < 63:
        bits >>= 1
        released += 1
    return max(released, 0)
