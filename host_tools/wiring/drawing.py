"""The wiring as an SVG drawing: the ESP32 in the middle, its pins in the order in which the parts need them, so that every wire
is a straight line. Supplies are flags, as in a circuit diagram. The same board gives the same bytes.
"""

from __future__ import annotations

from html import escape

from host_tools.boards import Board
from host_tools.wiring.connections import NETS, Connection, Part, main_board, parts, printed

_ROW, _TOP, _GAP = 24, 64, 30
_WIDTH, _CHIP_LEFT, _CHIP_RIGHT = 980, 370, 610
_PART_WIDTH = 190
_LEFT = ("keypad", "clock")
_COLOURS = ("#c62828", "#ad5d00", "#7a6a00", "#2e7d32", "#00796b", "#1565c0", "#4527a0", "#ad1457")
_NOTE = "Wire to the GPIO number printed on the board, wherever it sits there. 按板上印的 GPIO 编号接线，与图中位置无关。"
_NET_COLOURS = {"GND": "#333", "3V3": "#c2410c", "5V": "#b91c1c"}


def svg(board: Board) -> str:
    """The drawing."""
    shapes: list[str] = []
    ends = [_side(board, shapes, [part for part in parts(board) if (part.key in _LEFT) == left], left) for left in (True, False)]
    bottom = max(*ends, _TOP + 10 * _ROW) + 2 * _ROW
    chip = main_board(board)
    body = [
        _box(_CHIP_LEFT, _TOP - 30, _CHIP_RIGHT - _CHIP_LEFT, bottom - _TOP + 30, "#e8eef7"),
        _text((_CHIP_LEFT + _CHIP_RIGHT) / 2, _TOP - 10, f"{chip.title} {chip.title_zh}", anchor="middle", bold=True),
        *_supplies(bottom),
        *shapes,
    ]
    height = bottom + 46
    texts = [_text(20, 22, f"{board.name}: {board.title}", bold=True), _text(20, height - 14, _NOTE, colour="#555")]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="13">\n<title>{escape(board.title)}</title>\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>\n' + "\n".join([*texts, *body]) + "\n</svg>\n"
    )


def _side(board: Board, shapes: list[str], drawn: list[Part], left: bool) -> int:
    """Draw the parts of one side from the top down; where they end."""
    y = _TOP
    wire = 0 if left else 3
    box_x = 20 if left else _WIDTH - 20 - _PART_WIDTH
    for part in drawn:
        height = _ROW * len(part.connections) + 34
        shapes.append(_box(box_x, y - 30, _PART_WIDTH, height, "#f4f1e6"))
        shapes.append(_text(box_x + _PART_WIDTH / 2, y - 10, f"{part.title} {part.title_zh}", anchor="middle", bold=True))
        for connection in part.connections:
            y += _ROW
            shapes += _wire(board, part, connection, y - 8, left, _COLOURS[wire % len(_COLOURS)])
            wire += connection.gpio is not None
        y += _GAP + 18
    return y - _GAP


def _wire(board: Board, part: Part, connection: Connection, y: int, left: bool, colour: str) -> list[str]:
    part_x = 20 + _PART_WIDTH if left else _WIDTH - 20 - _PART_WIDTH
    chip_x = _CHIP_LEFT if left else _CHIP_RIGHT
    towards = 1 if left else -1
    anchor, other = ("end", "start") if left else ("start", "end")
    shapes = [_text(part_x - 8 * towards, y + 4, connection.pin, anchor=anchor)]
    if connection.gpio is None:
        end = part_x + 24 * towards
        shapes.append(_line(part_x, end, y, _NET_COLOURS[connection.net]))
        said = f"{connection.net} ({connection.via})" if connection.via else connection.net
        shapes.append(_text(end + 5 * towards, y + 4, said, anchor=other, colour=_NET_COLOURS[connection.net], bold=True))
        return shapes
    shapes.append(
        f'<g data-part="{part.key}" data-pin="{escape(connection.pin)}" data-gpio="{connection.gpio}">'
        + _line(part_x, chip_x, y, colour)
        + f'<circle cx="{chip_x}" cy="{y}" r="3.5" fill="{colour}"/></g>'
    )
    shapes.append(_text(chip_x + 9 * towards, y + 4, f"GPIO {printed(board, connection.gpio)}", anchor=other))
    if connection.via:
        middle, width = (part_x + chip_x) / 2, 12 + 6.6 * len(connection.via)
        shapes.append(_box(middle - width / 2, y - 8, width, 16, "#fff", colour))
        shapes.append(_text(middle, y + 4, connection.via, anchor="middle", colour=colour, size=11))
    return shapes


def _supplies(bottom: int) -> list[str]:
    middle = (_CHIP_LEFT + _CHIP_RIGHT) / 2
    names = {"GND": "GND", "3V3": "3V3", "5V": "5V (VIN)"}
    return [
        _text(middle, bottom - 8 - _ROW * (len(NETS) - 1 - number) * 0.8, names[net], anchor="middle", colour=_NET_COLOURS[net],
              bold=True)
        for number, net in enumerate(NETS)
    ]  # fmt: skip


def _box(x: float, y: float, width: float, height: float, fill: str, stroke: str = "#555") -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" fill="{fill}" stroke="{stroke}"/>'


def _line(start: float, end: float, y: float, colour: str) -> str:
    return f'<path d="M{start:g} {y:g}H{end:g}" stroke="{colour}" stroke-width="2" fill="none"/>'


def _text(
    x: float, y: float, said: str, *, anchor: str = "start", colour: str = "#111", bold: bool = False, size: int = 0
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    points = f' font-size="{size}"' if size else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}"{weight}{points}>{escape(said)}</text>'
