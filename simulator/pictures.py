"""Pictures of a display as its controller's memory has it: PNG for pages, SVG for print. The same memory gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import png
from simulator.dots import DotMatrix
from simulator.png import Colour

BEZEL, GLASS, CLEAR, DARK = range(4)


@dataclass(frozen=True)
class Look:
    """How a display looks: colours of bezel, glass, a clear dot and a dark one, lit and unlit, and sizes in pixels."""

    lit: tuple[Colour, Colour, Colour, Colour]
    unlit: tuple[Colour, Colour, Colour, Colour]
    dot: int
    cell_gap: int
    margin: int = 16
    bezel: int = 6
    dot_gap: int = 1

    @property
    def pitch(self) -> int:
        return self.dot + self.dot_gap


GREEN = Look(
    lit=((38, 41, 38), (164, 201, 48), (156, 192, 45), (28, 41, 20)),
    unlit=((38, 41, 38), (112, 126, 84), (106, 120, 79), (44, 52, 36)),
    dot=4,
    cell_gap=5,
)
BLUE = Look(
    lit=((30, 32, 36), (28, 58, 196), (34, 66, 204), (236, 244, 255)),
    unlit=((30, 32, 36), (22, 32, 72), (24, 35, 78), (96, 108, 140)),
    dot=3,
    cell_gap=0,
)


def png_picture(dots: DotMatrix, look: Look, backlight: bool = True) -> bytes:
    """The display as a PNG file."""
    columns = _places(dots.width, dots.cell_width, look)
    line_numbers = _places(dots.height, dots.cell_height, look)
    edge = [BEZEL] * look.bezel
    inside = len(columns)
    glass = edge + [GLASS] * inside + edge
    lines = []
    for y in line_numbers:
        if y is None:
            lines.append(glass)
            continue
        middle = [GLASS if x is None else DARK if dots.dark(x, y) else CLEAR for x in columns]
        lines.append(edge + middle + edge)
    frame = [BEZEL] * len(glass)
    return png.encode([frame] * look.bezel + lines + [frame] * look.bezel, look.lit if backlight else look.unlit)


def svg_picture(dots: DotMatrix, look: Look, backlight: bool = True) -> str:
    """The display as an SVG file, one path for all dark dots."""
    columns = _places(dots.width, dots.cell_width, look)
    line_numbers = _places(dots.height, dots.cell_height, look)
    width, height = (len(places) + 2 * look.bezel for places in (columns, line_numbers))
    colours = ["#" + bytes(colour).hex() for colour in (look.lit if backlight else look.unlit)]
    lefts, tops = _starts(columns, look), _starts(line_numbers, look)
    paths = {CLEAR: "", DARK: ""}
    for y, top in enumerate(tops):
        for x, left in enumerate(lefts):
            paths[DARK if dots.dark(x, y) else CLEAR] += f"M{left} {top}h{look.dot}v{look.dot}h-{look.dot}z"
    glass = (
        f'<rect x="{look.bezel}" y="{look.bezel}" width="{len(columns)}" height="{len(line_numbers)}" fill="{colours[GLASS]}"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f'<rect width="{width}" height="{height}" fill="{colours[BEZEL]}"/>\n{glass}\n'
        f'<path fill="{colours[CLEAR]}" d="{paths[CLEAR]}"/>\n<path fill="{colours[DARK]}" d="{paths[DARK]}"/>\n</svg>\n'
    )


def _places(dots: int, cell: int, look: Look) -> list[int | None]:
    """What lies at each pixel of the glass along one side: the number of a dot, or None between dots."""
    places: list[int | None] = [None] * look.margin
    for dot in range(dots):
        if dot and dot % cell == 0:
            places += [None] * look.cell_gap
        places += [dot] * look.dot + [None] * look.dot_gap
    return places + [None] * (look.margin - look.dot_gap)


def _starts(places: list[int | None], look: Look) -> list[int]:
    """The first pixel of each dot, from the picture's edge."""
    return [look.bezel + at for at, dot in enumerate(places) if dot is not None and dot != places[at - 1]]
