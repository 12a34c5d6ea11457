"""The shapes of characters: README.md says where they come from."""

from __future__ import annotations

import functools
from pathlib import Path

FOLDER = Path(__file__).parent
GB2312 = FOLDER / "gb2312.bin"
HALF_WIDTH, WIDE = 16, 32  # bytes a character: 8×16 and 16×16 dots
ROWS = 87  # of GB2312, A1 to F7


@functools.cache
def rom_a00() -> dict[int, bytes]:
    """The HD44780's ROM: code → eight rows of five dots, as far as they are drawn."""
    shapes = {}
    for line in (FOLDER / "a00.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            code, _character, *rows = line.split()
            shapes[int(code, 16)] = bytes.fromhex("".join(rows))
    return shapes


def half_width(code: int) -> bytes | None:
    """16 rows of eight dots for 0x20 to 0x7E."""
    at = (code - 0x20) * HALF_WIDTH
    return _gb2312()[at : at + HALF_WIDTH] if 0x20 <= code < 0x7F else None


def wide(high: int, low: int) -> bytes | None:
    """16 rows of two bytes for a place of GB2312."""
    if not (0xA1 <= high < 0xA1 + ROWS and 0xA1 <= low <= 0xFE):
        return None
    at = 95 * HALF_WIDTH + ((high - 0xA1) * 94 + low - 0xA1) * WIDE
    return _gb2312()[at : at + WIDE]


@functools.cache
def _gb2312() -> bytes:
    return GB2312.read_bytes()
