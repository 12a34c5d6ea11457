"""Reading an NVS partition as ESP-IDF leaves it in flash: what a board's identity is, and that of one that no longer starts.

Format: ESP-IDF programming guide, "Non-Volatile Storage Library", version 2 pages. 4 KiB a page: 32 bytes of header, 32 of entry
states (two bits each: 11 empty, 10 written, 00 erased), 126 entries of 32 bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_PAGE = 4096
_ENTRY = 32
_FIRST_ENTRY = 64
_ENTRIES = 126
_WRITTEN = 0b10
_ANY_CHUNK = 0xFF
_NAMESPACES = 0
_BLOB_DATA, _BLOB_INDEX, _OLD_BLOB, _TEXT = 0x42, 0x48, 0x41, 0x21
_NUMBERS = {0x01: "<B", 0x11: "<b", 0x02: "<H", 0x12: "<h", 0x04: "<I", 0x14: "<i", 0x08: "<Q", 0x18: "<q"}

Values = dict[str, int | bytes]


def read(partition: bytes, namespace: str) -> Values:
    """What `namespace` holds: integers, and texts and blobs as bytes. Damaged entries are left out, as the device does."""
    names: dict[str, int] = {}
    numbers: dict[tuple[int, str], int] = {}
    chunks: dict[tuple[int, str, int], bytes] = {}
    blobs: dict[tuple[int, str], tuple[int, int, int]] = {}
    texts: dict[tuple[int, str], bytes] = {}
    for space, kind, chunk, key, data, rest in _entries(partition):
        if kind in _NUMBERS:
            number = struct.unpack_from(_NUMBERS[kind], data)[0]
            if space == _NAMESPACES:
                names[key] = number
            else:
                numbers[space, key] = number
        elif kind in (_BLOB_DATA, _OLD_BLOB, _TEXT):
            size, _, check = struct.unpack("<HHI", data)
            if _crc(rest[:size]) == check and kind == _BLOB_DATA:
                chunks[space, key, chunk] = rest[:size]
            elif _crc(rest[:size]) == check:
                texts[space, key] = rest[:size]
        elif kind == _BLOB_INDEX:
            total, count, start = struct.unpack_from("<IBB", data)
            blobs[space, key] = (total, count, start)
    wanted = names.get(namespace)
    found: Values = {key: value for (space, key), value in numbers.items() if space == wanted}
    found |= {key: value for (space, key), value in texts.items() if space == wanted}
    for (space, key), (total, count, start) in blobs.items():
        if space == wanted:
            whole = b"".join(chunks.get((space, key, start + n), b"") for n in range(count))
            if len(whole) == total:
                found[key] = whole
    return found


def _entries(partition: bytes) -> Iterator[tuple[int, int, int, str, bytes, bytes]]:
    """(namespace, type, chunk, key, the 8 data bytes, what follows in the spanned entries), oldest page first."""
    pages = [partition[at : at + _PAGE] for at in range(0, len(partition) - _PAGE + 1, _PAGE)]
    used = [page for page in pages if page[:4] != b"\xff\xff\xff\xff" and _crc(page[4:28]) == _word(page, 28)]
    for page in sorted(used, key=lambda page: _word(page, 4)):
        number = 0
        while number < _ENTRIES:
            state = page[_ENTRY + number // 4] >> 2 * (number % 4) & 3
            at = _FIRST_ENTRY + number * _ENTRY
            entry = page[at : at + _ENTRY]
            span = entry[2] if state == _WRITTEN else 1
            if state == _WRITTEN and 1 <= span <= _ENTRIES - number and _crc(entry[:4] + entry[8:]) == _word(entry, 4):
                key = entry[8:24].split(b"\0")[0].decode("ascii", "replace")
                yield entry[0], entry[1], entry[3], key, entry[24:32], page[at + _ENTRY : at + span * _ENTRY]
            number += max(span, 1)


def _word(data: bytes, at: int) -> int:
    value: int = struct.unpack_from("<I", data, at)[0]
    return value


def _crc(data: bytes) -> int:
    # NVS starts its CRC-32 from all ones, as zlib does when it is told that nothing came before but ones.
    return zlib.crc32(data, 0xFFFFFFFF)
