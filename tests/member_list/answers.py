"""Runs on MicroPython: `answers.py LIST NUMBERS`: the answers of a list to 32-bit numbers above `FIRST`, as a digest.

LIST holds the base at byte 0 and a delta at `DELTA_AT`, NUMBERS are little-endian u32 (CPython's twin is `digest`).
"""

import struct
import sys
from binascii import hexlify
from hashlib import sha256

from protocol.member_list import MemberList

FIRST = 13000000000
KEY = bytes(range(32))


class FileFlash:
    """A file as a partition to read."""

    def __init__(self, file):
        self._file = file

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * 4096 + offset)
        self._file.readinto(buf)


def digest(members, file):
    """SHA-256 over every answer: tier code and end, or that there is none; and how many there were."""
    said = sha256()
    found = 0
    raw = bytearray(4)
    while file.readinto(raw):
        row = members.lookup(FIRST + struct.unpack("<I", raw)[0])
        found += row is not None
        said.update(struct.pack("<BI", *row) if row else b"-")
    return hexlify(said.digest()).decode(), found


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as flash, open(sys.argv[2], "rb") as numbers:  # noqa: PTH123 - MicroPython has no pathlib
        members = MemberList(FileFlash(flash), KEY)
        members.extend(int(sys.argv[3]))
        print(*digest(members, numbers))
