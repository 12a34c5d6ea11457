"""The board in a text terminal: its glass in a frame, its lamps, and the keyboard for its keys."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import threading
import tty
import unicodedata
from collections.abc import Iterator

from simulator.board import BenchBoard
from simulator.events import Event

_HELP = "keys 0-9 * # A-D · h+key hold · n network · p power · q quit"
_PRESS_MS, _HOLD_MS = 100, 1500
_BRIGHT, _DIM, _GREEN, _RED, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[42m", "\x1b[41m", "\x1b[0m"


def framed(rows: list[str]) -> list[str]:
    """The glass with a frame around it. Chinese characters take two columns of a text terminal, so the frame gives."""
    widths = [sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in row) for row in rows]
    widest = max(widths)
    lines = [f"│ {row}{' ' * (widest - width)} │" for row, width in zip(rows, widths, strict=True)]
    bar = "─" * (widest + 2)
    return [f"┌{bar}┐", *lines, f"└{bar}┘"]


class TextTerminal:
    """Draws on every event and presses what is typed, until q or the end of input."""

    def __init__(self, board: BenchBoard) -> None:
        self._board = board
        self._network_up = True
        self._said = ""
        self._holding = False
        self._lines_drawn = 0
        self._drawing = threading.Lock()
        board.events.watch(self._happened)

    def run(self) -> None:
        """On a terminal, key by key; else each line of input is a run of keys, and the glass is printed as it changes."""
        if sys.stdin.isatty() and sys.stdout.isatty():
            with _key_by_key():
                self._draw()
                self._type()
            print()
        else:
            for line in sys.stdin:
                try:
                    self._board.keys(line.strip())
                except ValueError as fault:
                    print(f"{fault}", file=sys.stderr)

    def _type(self) -> None:
        # Read past Python's own buffer, which select cannot see into. The timeout keeps Ctrl-C working.
        keyboard = sys.stdin.fileno()
        while True:
            if not select.select([keyboard], [], [], 0.2)[0]:
                continue
            typed = os.read(keyboard, 64).decode(errors="replace")
            if not typed:
                return
            for key in typed:
                if key in "qQ\x03\x04":
                    return
                self._take(key)

    def _take(self, key: str) -> None:
        held, self._holding = self._holding, key == "h"
        if key == "n":
            self._network_up = not self._network_up
            self._board.network(self._network_up)
        elif key == "p":
            if self._board.powered():
                self._board.power_cut()
            else:
                self._board.power_on()
        elif key.upper() in self._board.key_names:
            self._board.keys(key.upper(), down_ms=_HOLD_MS if held else _PRESS_MS, wait=False)
            return
        self._draw()

    def _happened(self, event: Event) -> None:
        if "event" in event:
            self._said = str(event["event"]) + (f": {event['last_line']}" if event.get("last_line") else "")
        elif "beep" in event:
            self._said = "♪ {} Hz {} ms".format(*event["beep"])
        if sys.stdout.isatty() and sys.stdin.isatty():
            self._draw()
        elif "lcd" in event:
            print("\n".join(framed(event["lcd"])), flush=True)

    def _draw(self) -> None:
        board = self._board
        lamps = [
            f"{_GREEN if lit and colour == 'green' else _RED if lit else _DIM} {colour} {_PLAIN}"
            for colour, lit in board.leds.items()
        ]
        state = f"power {'on' if board.powered() else 'off'} · network {'up' if self._network_up else 'down'}"
        if board.joined():
            state += ", joined"
        lines = [
            *(_BRIGHT + line + _PLAIN for line in framed(board.lcd)),
            " ".join(lamps) + "  " + state,
            self._said,
            _DIM + _HELP + _PLAIN,
        ]
        with self._drawing:
            self._write(lines)

    def _write(self, lines: list[str]) -> None:
        up = f"\x1b[{self._lines_drawn}A" if self._lines_drawn else ""
        sys.stdout.write(up + "".join(f"\r{line}\x1b[K\n" for line in lines))
        sys.stdout.flush()
        self._lines_drawn = len(lines)


@contextlib.contextmanager
def _key_by_key() -> Iterator[None]:
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
