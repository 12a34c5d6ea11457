"""Which dots of a display are dark, worked out of its controller's memory: what pictures and the panel both draw."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import fonts
from simulator.hd44780 import Hd44780
from simulator.st7920 import COLUMNS, WORDS_A_ROW, St7920

CELL_WIDTH, CELL_HEIGHT = 5, 8
_WORD_WIDTH, _WORD_HEIGHT = 16, 16
# What a code shows whose shape nobody has drawn into fonts/a00.txt: unlike any character, so that it is noticed.
_UNDRAWN = b"\x15\x0a" * 4
_UNDRAWN_HALF = b"\xaa\x55" * 8
_UNDRAWN_WIDE = b"\xaa\xaa\x55\x55" * 8


@dataclass(frozen=True)
class DotMatrix:
    """`rows` are integers of `width` bits, leftmost dot highest. After every `cell_width` × `cell_height` dots there is a gap."""

    width: int
    height: int
    cell_width: int
    cell_height: int
    rows: tuple[int, ...]

    def dark(self, x: int, y: int) -> bool:
        """Whether the dot in column `x` of row `y` is set."""
        return bool(self.rows[y] >> (self.width - 1 - x) & 1)

    def packed(self) -> bytes:
        """All rows one after the other, each padded on the right to whole bytes."""
        length = (self.width + 7) // 8
        return b"".join((row << (length * 8 - self.width)).to_bytes(length, "big") for row in self.rows)


def dots(model: Hd44780 | St7920) -> DotMatrix:
    """The glass as it is; no dot is set while the display is off."""
    return hd44780_dots(model) if isinstance(model, Hd44780) else st7920_dots(model)


def hd44780_dots(model: Hd44780) -> DotMatrix:
    """The glass of an HD44780."""
    rows: list[int] = []
    cursor = model.cursor_cell()
    for number, codes in enumerate(model.cells()):
        shapes = [_shape(code, model.cgram) for code in codes] if model.lit else [bytes(CELL_HEIGHT)] * model.columns
        if cursor is not None and cursor[0] == number:
            shapes[cursor[1]] = bytes((*shapes[cursor[1]][:-1], 0x1F))
        for line in range(CELL_HEIGHT):
            row = 0
            for shape in shapes:
                row = row << CELL_WIDTH | shape[line] & 0x1F
            rows.append(row)
    return DotMatrix(model.columns * CELL_WIDTH, len(rows), CELL_WIDTH, CELL_HEIGHT, tuple(rows))


def _shape(code: int, cgram: bytes | bytearray) -> bytes:
    if code < 16:
        at = (code & 7) * CELL_HEIGHT
        return bytes(cgram[at : at + CELL_HEIGHT])
    return fonts.rom_a00().get(code, _UNDRAWN)


def st7920_dots(model: St7920) -> DotMatrix:
    """The glass of an ST7920: 128×64 dots without gaps."""
    rows: list[int] = []
    cursor = model.cursor_cell()
    for number, codes in enumerate(model.cells()):
        words = [_word_shape(codes[at : at + 2], model.cgram) for at in range(0, COLUMNS, 2)]
        if not model.lit:
            words = [bytes(2 * _WORD_HEIGHT)] * WORDS_A_ROW
        if cursor is not None and cursor[0] == number:
            words[cursor[1]] = bytes(b ^ 0xFF for b in words[cursor[1]])
        lines = (b"".join(word[2 * line : 2 * line + 2] for word in words) for line in range(_WORD_HEIGHT))
        rows += (int.from_bytes(line, "big") for line in lines)
    return DotMatrix(COLUMNS * 8, len(rows), COLUMNS * 8, len(rows), tuple(rows))


def _word_shape(word: bytes, cgram: bytes | bytearray) -> bytes:
    high, low = word
    if high == 0:
        at = (low >> 1 & 3) * 2 * _WORD_HEIGHT
        return bytes(cgram[at : at + 2 * _WORD_HEIGHT])
    if high >= 0xA1:
        return fonts.wide(high, low) or _UNDRAWN_WIDE
    halves = [fonts.half_width(code) or _UNDRAWN_HALF for code in word]
    return b"".join(bytes(pair) for pair in zip(*halves, strict=True))
