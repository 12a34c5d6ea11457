"""The label of a unit: terminal id, MAC and a QR code of both. Nothing on it is secret.

    CHEYOU:T-001:246F28000001

is what the QR code says: capital letters, digits and colons, which QR packs tightest. 50 x 25 mm, for usual label printers;
a sheet holds 3 x 10 on A4.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

WIDTH_MM, HEIGHT_MM = 50.0, 25.0
_MARGIN_MM = 2.0
_QUIET = 4  # white modules around a QR code (ISO/IEC 18004)
_DOTS_A_MM = 12  # 305 dpi, what label printers have
_SHEET_COLUMNS, _SHEET_ROWS = 3, 10
_TEXT_X_MM = HEIGHT_MM  # the QR code and its white take a square
_TEXT_MM = WIDTH_MM - _TEXT_X_MM - 1.0
_MM_A_POINT = 25.4 / 72
_LINE_CHARACTERS = 32  # of the small print


@dataclass(frozen=True)
class Label:
    """What is on it. `board` is the board's title, in small print."""

    terminal: str
    mac: str
    board: str

    @property
    def code(self) -> str:
        """What the QR code says."""
        return f"CHEYOU:{self.terminal}:{self.mac.replace(':', '').upper()}"

    @property
    def _lines(self) -> tuple[tuple[str, float, str], ...]:
        """(text, size in points, font) from the top."""
        # 5 % for the typeface of the picture, which runs a little wider.
        size = min(16.0, 0.95 * _TEXT_MM / _MM_A_POINT / stringWidth(self.terminal, "Helvetica-Bold", 1))
        return (
            ("CheYou", 7.0, "Helvetica"),
            (self.terminal, size, "Helvetica-Bold"),
            (self.mac, 6.5, "Courier"),
            (_short(self.board), 4.5, "Helvetica"),
        )

    def pdf(self) -> bytes:
        """One label on a page of its size."""
        buffer = io.BytesIO()
        canvas = _canvas(buffer, (WIDTH_MM * mm, HEIGHT_MM * mm), f"Label {self.terminal}")
        self._draw(canvas, 0.0, 0.0)
        canvas.save()
        return buffer.getvalue()

    def png(self) -> bytes:
        """The label in black and white, at a label printer's resolution."""
        picture = Image.new("1", (round(WIDTH_MM * _DOTS_A_MM), round(HEIGHT_MM * _DOTS_A_MM)), 1)
        draw = ImageDraw.Draw(picture)
        matrix = self._matrix()
        dot = int(HEIGHT_MM * _DOTS_A_MM) // (len(matrix) + 2 * _QUIET)
        left = top = (round(HEIGHT_MM * _DOTS_A_MM) - dot * len(matrix)) // 2
        for y, row in enumerate(matrix):
            for x, dark in enumerate(row):
                if dark:
                    draw.rectangle((left + x * dot, top + y * dot, left + (x + 1) * dot - 1, top + (y + 1) * dot - 1), fill=0)
        y_mm = _MARGIN_MM
        for text, points, _ in self._lines:
            # Pillow's own typeface: no font has to be installed, and the label looks the same everywhere.
            font = ImageFont.load_default(points * _MM_A_POINT * _DOTS_A_MM)
            draw.text((round(_TEXT_X_MM * _DOTS_A_MM), round(y_mm * _DOTS_A_MM)), text, font=font, fill=0)
            y_mm += points * _MM_A_POINT * 1.5
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", dpi=(_DOTS_A_MM * 25.4, _DOTS_A_MM * 25.4))
        return buffer.getvalue()

    def _draw(self, canvas: Canvas, x_mm: float, y_mm: float) -> None:
        """Draw into a page whose origin is at the lower left."""
        matrix = self._matrix()
        dot = HEIGHT_MM / (len(matrix) + 2 * _QUIET)
        left, top = x_mm + _QUIET * dot, y_mm + HEIGHT_MM - _QUIET * dot
        for row_number, row in enumerate(matrix):
            for column, dark in enumerate(row):
                if dark:
                    canvas.rect((left + column * dot) * mm, (top - (row_number + 1) * dot) * mm, dot * mm, dot * mm, 0, 1)
        line_mm = y_mm + HEIGHT_MM - _MARGIN_MM
        for text, points, font in self._lines:
            line_mm -= points * _MM_A_POINT * 1.35
            canvas.setFont(font, points)
            canvas.drawString((x_mm + _TEXT_X_MM) * mm, line_mm * mm, text)

    def _matrix(self) -> tuple[tuple[int, ...], ...]:
        # Level Q survives a scratched quarter.
        return tuple(tuple(row) for row in segno.make(self.code, error="q", micro=False).matrix)


def _short(title: str) -> str:
    """As many whole parts of a board's title as a line holds."""
    parts = title.split(", ")
    while len(parts) > 1 and len(", ".join(parts)) > _LINE_CHARACTERS:
        parts.pop()
    return ", ".join(parts)[:_LINE_CHARACTERS]


def sheet(labels: Sequence[Label]) -> bytes:
    """The labels on A4 pages, 3 x 10 each, with thin lines to cut along."""
    buffer = io.BytesIO()
    canvas = _canvas(buffer, A4, "Labels")
    left = (A4[0] / mm - _SHEET_COLUMNS * WIDTH_MM) / 2
    top = A4[1] / mm - (A4[1] / mm - _SHEET_ROWS * HEIGHT_MM) / 2
    for number, label in enumerate(labels):
        place = number % (_SHEET_COLUMNS * _SHEET_ROWS)
        if number and not place:
            canvas.showPage()
        x = left + place % _SHEET_COLUMNS * WIDTH_MM
        y = top - (place // _SHEET_COLUMNS + 1) * HEIGHT_MM
        canvas.setLineWidth(0.2)
        canvas.rect(x * mm, y * mm, WIDTH_MM * mm, HEIGHT_MM * mm)
        label._draw(canvas, x, y)
    canvas.save()
    return buffer.getvalue()


def write(label: Label, folder: Path) -> list[Path]:
    """PDF and PNG of a label, named for its terminal."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, content in (("pdf", label.pdf()), ("png", label.png())):
        path = folder / f"{label.terminal}.{suffix}"
        path.write_bytes(content)
        paths.append(path)
    return paths


def _canvas(buffer: io.BytesIO, size: tuple[float, float], title: str) -> Canvas:
    canvas = Canvas(buffer, pagesize=size, invariant=1)  # no date inside: the same label is the same file
    canvas.setTitle(title)
    return canvas
