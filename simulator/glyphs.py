"""Which Unicode character a cell of the display shows.

The ROM is the A00 one (ASCII with three exceptions, katakana, some Greek), the one sold with nearly every module.
Characters that firmware defines itself are told by their bitmap: glyphs.toml is the table, add a line to teach it more.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

UNKNOWN_GLYPH = "\ufffd"

_ROM = {code: chr(code) for code in range(0x20, 0x7E)}
_ROM |= {0x5C: "¥", 0x7E: "→", 0x7F: "←"}
_ROM |= {0xA1 + i: chr(0xFF61 + i) for i in range(63)}  # half-width katakana lie in the same order in Unicode
_ROM |= dict(zip(range(0xE0, 0x100), "αäβεμσρg√⁻jˣ¢£ñöpqθ∞ΩüΣπxy千万円÷ █", strict=True))


@functools.cache
def known_bitmaps() -> dict[bytes, str]:
    """5x8 bitmaps (eight rows, low five bits) to characters."""
    with Path(__file__).with_name("glyphs.toml").open("rb") as file:
        table = tomllib.load(file)["glyphs"]
    return {bytes.fromhex(bitmap): text for text, bitmap in table.items()}


def character(code: int, cgram: bytes | bytearray) -> str:
    """The character of cell `code`; 0 to 15 are the eight glyphs in `cgram`, twice."""
    if code < 16:
        at = (code & 7) * 8
        bitmap = bytes(row & 0x1F for row in cgram[at : at + 8])
        return known_bitmaps().get(bitmap, UNKNOWN_GLYPH)
    return _ROM.get(code, " ")
