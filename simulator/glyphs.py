"""Which Unicode character a cell of the display shows.

The ROM is the A00 one (ASCII with three exceptions, katakana, some Greek), the one sold with nearly every module.
Characters that firmware defines itself are told by their bitmap: those of its texts are in firmware/texts/glyphs, glyphs.toml has
others, add a line to teach it more. Two cells that are the halves of one character are read as that character.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from host_tools import glyph_art

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
    known = {bytes.fromhex(bitmap): text for text, bitmap in table.items()}
    return known | {b"".join(cells): text for text, cells in glyph_art.drawn().items()}


def read(codes: bytes, cgram: bytes | bytearray) -> str:
    """The characters of a row of cells; codes 0 to 15 are the eight glyphs in `cgram`, twice."""
    text = ""
    at = 0
    while at < len(codes):
        both = b"".join(_bitmap(code, cgram) for code in codes[at : at + 2])
        if len(both) == 16 and both in known_bitmaps():
            text += known_bitmaps()[both]
            at += 2
            continue
        code = codes[at]
        text += known_bitmaps().get(both[:8], UNKNOWN_GLYPH) if code < 16 else _ROM.get(code, " ")
        at += 1
    return text


def _bitmap(code: int, cgram: bytes | bytearray) -> bytes:
    at = (code & 7) * 8
    return bytes(row & 0x1F for row in cgram[at : at + 8]) if code < 16 else b""
