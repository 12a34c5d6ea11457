"""The header of a journal sector: what it says and how it lies on flash. Byte by byte in docs/journal.md."""

import struct
from binascii import crc32
from collections import namedtuple

SECTOR_BYTES = 4096
HEADER_BYTES = 64
MARKS_AT = 48
CRC_AT = 44
_ERASED_AT = 56
MAGIC = b"CYJ1"
_FIELDS = "<4sHHIIII4s16s"
_ALL = _FIELDS + "I8s"  # and the check, and the marks
# Programmed once an erase has ended, and taken back when the sector comes into use: an erase that was cut short can leave
# a sector that reads as blank, or as it was before; neither bears this mark.
ERASED = b"erased\r\n"
NO_MARKS = b"\xff" * 8

# sectors: the ring has · ordinal: of this one, counted since the ring began · index: records in the ring before this sector ·
# first: sequence of its first record · latest: no record before this sector is younger · key: whose records · chain: value
# before the first record · released: how many of its records the centre has; None when no mark says anything
Header = namedtuple("Header", ("epoch", "sectors", "ordinal", "index", "first", "latest", "key", "chain", "released"))


def encode(epoch, sectors, ordinal, index, first, latest, key, chain):
    """The 64 bytes that begin a sector: fields and check, marks still unprogrammed, the erased mark taken back."""
    fields = struct.pack(_FIELDS, MAGIC, epoch, sectors, ordinal, index, first, latest, key, chain)
    return fields + struct.pack("<I", crc32(fields)) + b"\xff" * 8 + bytes(8)


def decode(head):
    """The `Header` at the start of ``head``, or None when there is none that can be trusted."""
    fields = struct.unpack_from(_ALL, head)
    if fields[0] != MAGIC or fields[9] != crc32(memoryview(head)[:CRC_AT]):
        return None
    return Header(*fields[1:9] + (_released(fields[10]),))


def is_fresh(head):
    """Whether these 64 bytes begin a sector that was wholly erased and not used since."""
    return head == b"\xff" * _ERASED_AT + ERASED


def marks(released):
    """The 8 bytes to program over the marks: bit 0 "all before this sector", then a bit for each of ``released`` records."""
    bits = (1 << 64) - (1 << released + 1)
    return struct.pack("<Q", bits)


def _released(marked):
    if marked == NO_MARKS:
        return None
    # A cut clears some of the bits it was asked to and never another, so the unbroken run from the start is always true.
    run = -1
    for byte in marked:
        if byte:
            while not byte & 1:
                byte >>= 1
                run += 1
            break
        run += 8
    return max(run, 0)
