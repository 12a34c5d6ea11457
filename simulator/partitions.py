"""The partition table as it lies in flash at 0x8000 (ESP-IDF: 32-byte entries, magic AA 50)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from simulator.flash import NorFlash

TABLE_AT = 0x8000
_ENTRIES = 95
_MAGIC = 0x50AA


class PartitionEntry(NamedTuple):
    label: str
    type: int
    subtype: int
    at: int
    size: int


def read_table(flash: NorFlash) -> list[PartitionEntry]:
    """The entries, in table order; empty when there is no table."""
    found = []
    for number in range(_ENTRIES):
        entry = flash.read(TABLE_AT + 32 * number, 32)
        magic, kind, subtype, at, size, label, _flags = struct.unpack("<HBBII16sI", entry)
        if magic != _MAGIC:
            break
        found.append(PartitionEntry(label.rstrip(b"\0").decode(), kind, subtype, at, size))
    return found
