"""A robot for a technician at a board: reads its glass and answers its self-test."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Self

from host_tools.boards import Board
from tests.rom_double.firmware import SimulatedBoard


class Technician:
    """Answers every question of the self-test with yes and presses every key, until it is closed.

    `says_no_to` is a word of the question that is answered with no; `leaves_out` a key that is never pressed.
    """

    def __init__(self, board: SimulatedBoard, says_no_to: str = "", leaves_out: str = "") -> None:
        self._board = board
        self._says_no_to = says_no_to
        self._leaves_out = leaves_out
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _work(self) -> None:
        while not self._stop.wait(0.03):
            bench = self._board.bench
            if bench is None:
                continue
            try:
                self._look(bench)
            except (RuntimeError, ValueError, OSError):
                continue  # the board was reset under the finger

    def _look(self, bench: Any) -> None:
        rows = bench.lcd
        if any("#yes *no" in row for row in rows):
            no = bool(self._says_no_to) and any(self._says_no_to in row for row in rows)
            bench.keys("*" if no else "#")
            self._wait_for_other(bench, rows)
        elif rows[0].startswith("Press all keys"):
            keys = [key for key in rows[1].strip() if key != self._leaves_out]
            if keys:
                bench.keys(keys[0], down_ms=40, up_ms=40)

    def _wait_for_other(self, bench: Any, rows: list[str]) -> None:
        end = time.monotonic() + 2
        while bench.lcd == rows and time.monotonic() < end and not self._stop.is_set():
            time.sleep(0.02)


def simulated(devkit: Board, folder: Path, number: int) -> SimulatedBoard:
    """What double number `number` runs."""
    return SimulatedBoard(devkit, folder / f"running{number}", f"24:6f:28:00:00:{number:02x}")
