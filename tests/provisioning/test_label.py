"""Labels: what the QR code says, that it can be scanned, that the longest id stays on, and the same bytes for the same label."""

from __future__ import annotations

import io

import pytest
import segno
from PIL import Image

from host_tools import boards
from provisioning.label import Label, sheet

TITLES = [boards.load(name).title for name in boards.names()]


@pytest.mark.parametrize(
    ("terminal", "title"), [("T-001", title) for title in TITLES] + [("WWWWWWWWWWWWWWWW", TITLES[0]), ("A", TITLES[0])]
)
def test_everything_is_on_the_label(terminal: str, title: str) -> None:
    label = Label(terminal, "24:6f:28:00:00:01", title)
    assert label.code == f"CHEYOU:{terminal}:246F28000001"
    picture = Image.open(io.BytesIO(label.png()))
    assert picture.size == (600, 300)
    pixels = picture.load()
    matrix = [list(row) for row in segno.make(label.code, error="q", micro=False).matrix]
    dot = 300 // (len(matrix) + 8)
    start = (300 - dot * len(matrix)) // 2
    assert dot >= 8, "two thirds of a millimetre: any telephone reads that"
    for y in range(-4, len(matrix) + 4):
        for x in range(-4, len(matrix) + 4):
            dark = 0 <= y < len(matrix) and 0 <= x < len(matrix) and bool(matrix[y][x])
            at = (start + x * dot + dot // 2, start + y * dot + dot // 2)
            assert (pixels[at] == 0) == dark, "the code, and white around it"
    ink = [x for x in range(300, 600) for y in range(300) if pixels[x, y] == 0]
    assert ink and max(ink) < 594, "nothing runs over the edge"


def test_a_long_title_ends_with_a_whole_part() -> None:
    """Not with "16x" of a 16x2 display."""
    long, short = (Label("T-001", "24:6f:28:00:00:01", f"WT32-ETH01 (Ethernet), 4 MB{rest}") for rest in (", 16x2, 3x4", ""))
    assert long.png() == short.png()


def test_the_same_label_is_the_same_file() -> None:
    label = Label("T-001", "24:6f:28:00:00:01", "board")
    assert label.pdf() == label.pdf() and label.pdf().startswith(b"%PDF")
    assert sheet([label] * 31) == sheet([label] * 31)
    assert sheet([label] * 31).count(b"/Type /Page\n") == 2
