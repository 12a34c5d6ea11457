"""What is drawn is what the display's controller has in its memory."""

from __future__ import annotations

import io
import random
import re
import zlib

import pytest
from PIL import Image

from simulator import fonts, pictures, png
from simulator.dots import DotMatrix, dots
from simulator.hd44780 import Hd44780
from simulator.pictures import BLUE, GREEN, Look
from simulator.st7920 import St7920

SEED = 20261122


def characters(*rows: bytes) -> Hd44780:
    model = Hd44780(16, len(rows))
    model.lit = True
    for start, row in zip(model.row_starts, rows, strict=True):
        model.ddram[start : start + len(row)] = row
    return model


def chinese(*rows: str) -> St7920:
    model = St7920()
    model.lit = True
    for start, row in zip((0, 32, 16, 48), rows, strict=False):
        encoded = row.encode("gb2312")
        model.ddram[start : start + len(encoded)] = encoded
    return model


def cell(matrix: DotMatrix, column: int, row: int = 0) -> list[str]:
    """The dots of a cell, as one draws them."""
    width, height = 5, 8
    return [
        "".join("#" if matrix.dark(column * width + x, row * height + y) else "." for x in range(width)) for y in range(height)
    ]


def test_rom_and_own_characters_are_drawn_dot_by_dot() -> None:
    model = characters(b"A\x00\x08 \x03", b"".ljust(16))
    model.cgram[0:8] = b"\x1f\x11\x11\x1f\x11\x11\x1f\xe0"
    model.cgram[24:32] = bytes([1, 2, 4, 8, 16, 0, 0, 31])
    matrix = dots(model)
    assert (matrix.width, matrix.height) == (80, 16)
    assert cell(matrix, 0) == [".###.", "#...#", "#...#", "#...#", "#####", "#...#", "#...#", "....."]
    sun = ["#####", "#...#", "#...#", "#####", "#...#", "#...#", "#####", "....."]
    assert cell(matrix, 1) == sun and cell(matrix, 2) == sun, "codes 8 to 15 are the same eight again"
    assert cell(matrix, 4)[4] == "#...." and cell(matrix, 4)[7] == "#####"
    assert cell(matrix, 3) == ["....."] * 8


def test_a_display_switched_off_shows_no_dot_and_a_cursor_shows_one_line() -> None:
    model = characters(b"AAA", b"")
    model.cursor = True
    assert cell(dots(model), 0)[7] == "#####"
    model.lit = False
    assert not any(dots(model).rows)
    assert not any(dots(St7920()).rows)


def test_every_code_without_a_drawn_shape_is_noticed() -> None:
    assert cell(dots(characters(b"\xb1", b"")), 0) == ["#.#.#", ".#.#."] * 4


def test_chinese_is_drawn_sixteen_dots_wide_and_ascii_eight() -> None:
    model = chinese("有A B", "", "第三行", "")
    matrix = dots(model)
    assert (matrix.width, matrix.height, matrix.cell_width) == (128, 64, 128)
    left = [row >> 112 for row in matrix.rows[:16]]
    assert b"".join(row.to_bytes(2, "big") for row in left) == fonts.wide(*"有".encode("gb2312"))
    assert bytes(row >> 104 & 0xFF for row in matrix.rows[:16]) == fonts.half_width(ord("A"))
    assert any(matrix.rows[32:48]) and not any(matrix.rows[16:32]), "the third row follows the first in memory"


def test_characters_of_the_chips_own_and_its_cursor() -> None:
    model = chinese("", "", "", "")
    model.ddram[0:2] = b"\x00\x02"
    model.cgram[32:64] = bytes(range(32))
    shape = b"".join((row >> 112).to_bytes(2, "big") for row in dots(model).rows[:16])
    assert shape == bytes(range(32))
    model.cursor = True
    assert dots(model).rows[0] >> 112 == 0xFFFE


@pytest.mark.parametrize(("model", "look"), [(characters(b"13800138000", b"#OK"), GREEN), (chinese("有效", "VIP"), BLUE)])
def test_a_picture_has_the_colour_of_each_dot_in_its_middle(model: Hd44780 | St7920, look: Look) -> None:
    matrix = dots(model)
    picture = Image.open(io.BytesIO(pictures.png_picture(matrix, look))).convert("RGB")
    for y in range(matrix.height):
        for x in range(matrix.width):
            gaps = x // matrix.cell_width * look.cell_gap, y // matrix.cell_height * look.cell_gap
            at = tuple(
                look.bezel + look.margin + n * look.pitch + gap + look.dot // 2 for n, gap in zip((x, y), gaps, strict=True)
            )
            assert picture.getpixel(at) == look.lit[pictures.DARK if matrix.dark(x, y) else pictures.CLEAR], (x, y)  # type: ignore[arg-type]
    dim = Image.open(io.BytesIO(pictures.png_picture(matrix, look, backlight=False))).convert("RGB")
    assert dim.getpixel((0, 0)) == look.unlit[pictures.BEZEL] and dim.size == picture.size


def test_the_svg_has_the_same_dots() -> None:
    matrix = dots(characters(b"OK", b""))
    svg = pictures.svg_picture(matrix, GREEN)
    clear, dark = re.findall(r'<path fill="#(\w+)" d="([^"]*)"', svg)
    assert dark[0] == bytes(GREEN.lit[pictures.DARK]).hex()
    assert len(dark[1].split("z")) - 1 == sum(row.bit_count() for row in matrix.rows)
    assert len(clear[1].split("z")) + len(dark[1].split("z")) - 2 == 80 * 16


def test_packed_dots_are_rows_of_whole_bytes() -> None:
    matrix = DotMatrix(10, 2, 5, 2, (0b1000000001, 0b0000000011))
    assert matrix.packed() == bytes([0x80, 0x40, 0x00, 0xC0])


def test_deflate_is_what_zlib_inflates() -> None:
    rng = random.Random(SEED)
    for _ in range(200):
        data = b"".join(
            bytes([rng.choice((0, 1, 143, 144, 255))])
            * rng.choice((1, 2, 3, 10, 11, 18, 19, 66, 67, 257, 258, 259, 260, 261, 600))
            for _ in range(30)
        )
        assert zlib.decompress(png.deflated(data)) == data
    for length in range(600):
        assert zlib.decompress(png.deflated(bytes(length))) == bytes(length)


def test_a_png_of_any_width_is_read_back() -> None:
    rng = random.Random(SEED)
    colours = [(0, 0, 0), (255, 0, 0), (0, 255, 0), (1, 2, 3)]
    for width in range(1, 20):
        lines = [[rng.randrange(4) for _ in range(width)] for _ in range(5)]
        picture = Image.open(io.BytesIO(png.encode(lines, colours))).convert("RGB")
        assert [[picture.getpixel((x, y)) for x in range(width)] for y in range(5)] == [
            [colours[n] for n in row] for row in lines
        ]
    with pytest.raises(ValueError, match="four colours"):
        png.encode([[0]], [(0, 0, 0)] * 5)


def test_fonts_cover_what_they_say() -> None:
    assert set(range(0x20, 0x80)) <= set(fonts.rom_a00())
    assert all(len(shape) == 8 for shape in fonts.rom_a00().values())
    assert fonts.half_width(0x1F) is None and fonts.wide(0xA0, 0xA1) is None and fonts.wide(0xA1, 0xFF) is None
    first, last = (fonts.wide(*character.encode("gb2312")) for character in "啊齄")
    assert first and last and any(first) and any(last)
