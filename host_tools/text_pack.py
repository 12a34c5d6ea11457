"""The texts of all languages as one file for a display, read on demand.

    header      "T1" · u8 number of languages · u8 drawn cells a name may have, 0 without limit · u32 characters · u32 bitmaps
    languages   each: 2 letters · u16 number of texts · u32 index
    index       of a language: each text, in their order, u16 hash of its name · u16 where it begins; then 0 · u16 where all end
    texts       rows joined by line feeds, UTF-8, in the display's characters (`character_set`); a row below the glass is only
                loaded ahead
    characters  257 × u16: how many characters have a smaller high byte of their code point, by high byte; then, by high byte, the
                low bytes and then the u16 numbers of the characters it has
    bitmaps     eight bytes each

Little-endian. Places in header and languages are counted from the file's beginning, those of texts from the index's end. The hash
is the low half of CRC-32.
"""

from __future__ import annotations

import binascii
import struct
from collections import defaultdict

from host_tools.boards import Display
from host_tools.character_set import OF_KIND, CharacterSet
from host_tools.errors import CheYouError
from host_tools.texts import TextSet, checked

MAGIC = b"T1"
_HEADER = struct.Struct("<2sBBII")
_LANGUAGE = struct.Struct("<2sHI")


def pack(display: Display) -> bytes:
    """The file for `display`; CheYouError names a text that does not fit."""
    texts = checked(display)
    characters = OF_KIND[display.kind]
    begin = _HEADER.size + _LANGUAGE.size * len(texts)
    table, body = b"", b""
    for language in texts:
        entries = _entries(language, display, characters)
        table += _LANGUAGE.pack(language.language.encode(), len(entries), begin + len(body))
        body += _indexed(entries)
    characters_at = begin + len(body)
    numbers = _numbers(characters.numbers())
    header = _HEADER.pack(MAGIC, len(texts), characters.name_cells, characters_at, characters_at + len(numbers))
    return header + table + body + numbers + characters.bitmaps()


def _entries(texts: TextSet, display: Display, characters: CharacterSet) -> dict[str, bytes]:
    """Name → what lies in the file, words first."""
    entries = {name: characters.encode(word).encode() for name, word in texts.words.items()}
    for name, rows in texts.rows.items():
        if name in texts.ahead:
            rows = rows + [""] * (display.rows - len(rows)) + [texts.ahead[name]]
        entries[name] = "\n".join(map(characters.encode, rows)).encode()
    return entries


def _indexed(entries: dict[str, bytes]) -> bytes:
    index, body = b"", b""
    names: dict[int, str] = {}
    for name, content in entries.items():
        key = binascii.crc32(name.encode()) & 0xFFFF
        if key in names:
            raise CheYouError(f"the texts {names[key]} and {name} have the same hash", "rename one of them")
        names[key] = name
        index += struct.pack("<HH", key, len(body))
        body += content
    return index + struct.pack("<HH", 0, len(body)) + body


def _numbers(numbers: dict[str, int]) -> bytes:
    buckets: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for character, number in numbers.items():
        buckets[ord(character) >> 8].append((ord(character) & 0xFF, number))
    counts, body = [0], b""
    for high in range(256):
        bucket = sorted(buckets[high])
        counts.append(counts[-1] + len(bucket))
        body += bytes(low for low, _ in bucket) + b"".join(struct.pack("<H", number) for _, number in bucket)
    return struct.pack("<257H", *counts) + body
