"""The ESP-IDF partition table as it lies in flash at 0x8000.

Format (ESP-IDF programming guide, "Partition Tables"): 32-byte entries, an MD5 of them in an entry of its own, erased
flash up to 0xC00 bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

from host_tools.boards import Partition
from host_tools.errors import CheYouError

OFFSET = 0x8000
SIZE = 0xC00
_ENTRY = struct.Struct("<2sBBII16sI")
_MAGIC = b"\xaa\x50"
_MD5_HEAD = b"\xeb\xeb" + b"\xff" * 14
_TYPES = {"app": 0x00, "data": 0x01}
_SUBTYPES = {"factory": 0x00, "phy": 0x01, "nvs": 0x02, "fat": 0x81}


def encode(partitions: Sequence[Partition]) -> bytes:
    """The table's 0xC00 bytes, partitions in order of their offset."""
    entries = b"".join(_entry(partition) for partition in sorted(partitions, key=lambda p: p.offset))
    table = entries + _MD5_HEAD + hashlib.md5(entries, usedforsecurity=False).digest()
    if len(table) > SIZE:
        raise CheYouError(f"{len(partitions)} partitions do not fit the table", "merge some of them")
    return table.ljust(SIZE, b"\xff")


def decode(table: bytes) -> list[Partition]:
    """The partitions of a table; `CheYouError` when it is none or its MD5 does not match."""
    partitions: list[Partition] = []
    for at in range(0, min(len(table), SIZE), _ENTRY.size):
        row = table[at : at + _ENTRY.size]
        if row[:16] == _MD5_HEAD:
            if row[16:] != hashlib.md5(table[:at], usedforsecurity=False).digest():
                break
            return partitions
        if row[:2] != _MAGIC:
            break
        _, kind, subtype, offset, size, label, _ = _ENTRY.unpack(row)
        kinds = {code: name for name, code in _TYPES.items()}
        subtypes = {code: name for name, code in _SUBTYPES.items() if (name == "factory") == (kind == _TYPES["app"])}
        name = label.rstrip(b"\0").decode("ascii", "replace")
        partitions.append(Partition(name, kinds.get(kind, str(kind)), subtypes.get(subtype, subtype), offset, size))
    raise CheYouError("there is no sound partition table", "flash the whole image again")


def _entry(partition: Partition) -> bytes:
    subtype = partition.subtype if isinstance(partition.subtype, int) else _SUBTYPES[partition.subtype]
    label = partition.label.encode("ascii")
    return _ENTRY.pack(_MAGIC, _TYPES[partition.type], subtype, partition.offset, partition.size, label, 0)
