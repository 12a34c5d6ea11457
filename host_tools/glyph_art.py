"""The Chinese characters drawn for displays of 5×8-dot cells: `firmware/texts/glyphs/*.txt`.

A character takes one cell, or two with a gap between them that is as wide as a dot. Cells are numbered in the files' order,
equal ones (the left half of many characters) once: number n is chr(0xE000 + n) on the device (`drivers/display.py`).
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from host_tools.errors import CheYouError
from host_tools.toolchain import ROOT

FOLDER = ROOT / "firmware" / "texts" / "glyphs"
_HEIGHT = 8
_ROW = re.compile(r"[.#]{5}( [.#]{5})?")


@functools.cache
def drawn(folder: Path = FOLDER) -> dict[str, tuple[bytes, ...]]:
    """Character → the bitmaps of its one or two cells: eight rows of five dots, top first."""
    shapes: dict[str, tuple[bytes, ...]] = {}
    for path in sorted(folder.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            lines = [line for line in block.splitlines() if not line.startswith(";")]
            if not lines:
                continue
            character, *rows = lines
            widths = {len(row) for row in rows}
            if len(character) != 1 or len(rows) != _HEIGHT or len(widths) != 1 or not all(map(_ROW.fullmatch, rows)):
                raise CheYouError(f"{path.name}: {character!r} is not eight equal rows of five dots a cell", "mend its drawing")
            if character in shapes:
                raise CheYouError(f"{path.name}: {character!r} is drawn twice", "delete one of the drawings")
            halves = zip(*(row.split(" ") for row in rows), strict=True)
            shapes[character] = tuple(bytes(_bits(row) for row in half) for half in halves)
    return shapes


@functools.cache
def cells(folder: Path = FOLDER) -> tuple[bytes, ...]:
    """The different bitmaps; a cell's number is its place."""
    return tuple(dict.fromkeys(cell for shape in drawn(folder).values() for cell in shape))


@functools.cache
def numbers(folder: Path = FOLDER) -> dict[str, tuple[int, ...]]:
    """Character → the numbers of its one or two cells."""
    places = {cell: number for number, cell in enumerate(cells(folder))}
    return {character: tuple(places[cell] for cell in shape) for character, shape in drawn(folder).items()}


def _bits(row: str) -> int:
    return int(row.replace(".", "0").replace("#", "1"), 2)
