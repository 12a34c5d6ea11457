"""What a display can show, and the characters the device knows it by.

The device holds texts as strings in which an ASCII character, or another of the ROM's, stands for itself, and one of Unicode's
private use area for something of the display's own: chr(0xE000 + n) is cell n of `glyph_art` on an HD44780 and place n of
GB2312 (94 × row + place, from A1A1) on an ST7920.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from host_tools import glyph_art
from host_tools.errors import CheYouError

_FIRST = 0xE000
_NO_CELL = 0xFF
_YEN = "￥"  # GB2312 has this one only


class CharacterSet(ABC):
    """One kind of display's. `glyphs` is how many cells of its own drawing it holds at a time, None when it needs none;
    `name_cells` how many of them a name from the centre may have, 0 when that does not matter."""

    glyphs: int | None = None
    name_cells: int = 0

    def encode(self, text: str) -> str:
        """The device's form of `text`; CheYouError names a character that the display cannot show."""
        return "".join(map(self._encode, text))

    def width(self, text: str) -> int:
        """How many cells the encoded `text` takes, from the left edge on."""
        return len(text)

    def cells_drawn(self, text: str) -> set[str]:
        """The cells of our own drawing in the encoded `text`."""
        return set()

    @abstractmethod
    def numbers(self) -> dict[str, int]:
        """All that the device may have to translate itself, in names from the centre.

        Character → n. Where cells are drawn, its low byte is the first cell's n and its high byte the second's, 0xFF for none.
        """

    @abstractmethod
    def bitmaps(self) -> bytes:
        """Eight bytes for each n, where the device has to load them."""

    @abstractmethod
    def _encode(self, character: str) -> str: ...


class Hd44780Set(CharacterSet):
    """ROM A00 and eight cells out of those in `firmware/texts/glyphs`."""

    glyphs = 8
    # Two names stand on the screen that asks for the offer, and one beside what a verdict needs.
    name_cells = 4
    _ROM = "¥→←·°÷█"
    _NOT_ASCII = "\\~"

    def numbers(self) -> dict[str, int]:
        if len(glyph_art.cells()) > _NO_CELL:
            raise CheYouError(f"more than {_NO_CELL} cells are drawn", "let characters share halves, or delete unused ones")
        return {character: int.from_bytes((*cells, _NO_CELL)[:2], "little") for character, cells in glyph_art.numbers().items()}

    def bitmaps(self) -> bytes:
        return b"".join(glyph_art.cells())

    def cells_drawn(self, text: str) -> set[str]:
        return {character for character in text if ord(character) >= _FIRST}

    def _encode(self, character: str) -> str:
        if (" " <= character <= "}" and character not in self._NOT_ASCII) or character in self._ROM:
            return character
        cells = glyph_art.numbers().get(character)
        if cells is None:
            raise CheYouError(f"nobody has drawn {character!r} yet", "draw it in firmware/texts/glyphs, or say it otherwise")
        return "".join(chr(_FIRST + cell) for cell in cells)


class St7920Set(CharacterSet):
    """ASCII one cell wide, GB2312 two, the latter from even cells on."""

    def numbers(self) -> dict[str, int]:
        found = {}
        for n in range(87 * 94):
            try:
                found[bytes((n // 94 + 0xA1, n % 94 + 0xA1)).decode("gb2312")] = n
            except UnicodeDecodeError:
                continue  # a place without a character
        return found | {"¥": found[_YEN]}

    def bitmaps(self) -> bytes:
        return b""

    def width(self, text: str) -> int:
        cells = 0
        for character in text:
            cells += 2 + cells % 2 if ord(character) >= _FIRST else 1
        return cells

    def _encode(self, character: str) -> str:
        if " " <= character <= "~":
            return character
        try:
            high, low = (_YEN if character == "¥" else character).encode("gb2312")
        except (UnicodeEncodeError, ValueError):
            raise CheYouError(f"GB2312 has no {character!r}", "say it otherwise") from None
        return chr(_FIRST + (high - 0xA1) * 94 + low - 0xA1)


OF_KIND: dict[str, CharacterSet] = {"hd44780": Hd44780Set(), "st7920": St7920Set()}
