"""The board as JSON lines: what happens to it comes in on one stream, what it shows goes out on another.

Lines are carried out one after the other; `keys` and `hold` last until the last key is up, unless they say `"wait": false`.
A line that cannot be carried out gives `{"t_ms": …, "error": "…"}` and nothing else happens.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, TextIO, cast

from simulator.board import BenchBoard
from simulator.events import Event
from simulator.flash import TORN, Torn

Line = dict[str, Any]


class Headless:
    """`run` returns when a line says quit, the input ends, or nobody reads the output any more."""

    def __init__(self, board: BenchBoard, output: TextIO) -> None:
        self._board = board
        self._output = output
        self._writing = threading.Lock()
        self._unread = False
        self._actions: dict[str, Callable[[Line], None]] = {
            "keys": self._keys,
            "hold": self._hold,
            "network": self._network,
            "clock": self._clock,
            "power": self._power,
            "power_cut_after_flash_ops": self._power_cut_after,
            "wait_ms": lambda line: time.sleep(_number(line, "wait_ms") / 1000),
            "wait_lcd": self._wait_lcd,
        }
        board.events.watch(self._write)

    def run(self, lines: Iterable[str]) -> None:
        """Carry out the lines."""
        for text in lines:
            if self._unread:
                return
            if not text.strip():
                continue
            try:
                line = json.loads(text)
                if not isinstance(line, dict):
                    raise ValueError('a line is a JSON object, as in {"keys": "123#"}')
                if line.get("quit"):
                    return
                self._carry_out(line)
            except json.JSONDecodeError as fault:
                self._board.note({"error": f"this line is no JSON: {fault}"})
            except (ValueError, TypeError, TimeoutError, OverflowError) as fault:
                self._board.note({"error": str(fault)})

    def _carry_out(self, line: Line) -> None:
        for name, action in self._actions.items():
            if name in line:
                action(line)
                return
        raise ValueError(f"nothing known in this line; use one of {', '.join(self._actions)}, quit")

    def _keys(self, line: Line) -> None:
        self._board.keys(
            _text(line, "keys"), _number(line, "down_ms", 60), _number(line, "up_ms", 60), wait=line.get("wait") is not False
        )

    def _hold(self, line: Line) -> None:
        self._board.hold(_text(line, "hold"), _number(line, "ms", 1500), wait=line.get("wait") is not False)

    def _network(self, line: Line) -> None:
        settings = {name: line[name] for name in ("delay_ms", "loss", "tcp", "dns", "hosts") if name in line}
        if settings:
            self._board.lan(**settings)
        self._board.network(_one_of(line, "network", ("up", "down")) == "up")

    def _clock(self, line: Line) -> None:
        self._board.clock(_text(line, "clock"), alone=bool(line.get("alone")))

    def _power(self, line: Line) -> None:
        if _one_of(line, "power", ("on", "cut")) == "on":
            self._board.power_on()
        else:
            self._board.power_cut()

    def _power_cut_after(self, line: Line) -> None:
        torn = None if "torn" not in line else _one_of(line, "torn", TORN)
        self._board.power_cut_after_flash_ops(
            int(_number(line, "power_cut_after_flash_ops")), cast(Torn | None, torn), int(_number(line, "seed", 0))
        )

    def _wait_lcd(self, line: Line) -> None:
        self._board.wait_lcd(_text(line, "wait_lcd"), _number(line, "timeout_ms", 5000) / 1000)

    def _write(self, event: Event) -> None:
        with self._writing:
            try:
                print(json.dumps(event, ensure_ascii=False, separators=(",", ":")), file=self._output, flush=True)
            except (BrokenPipeError, ValueError):
                self._unread = True


def _text(line: Line, name: str) -> str:
    value = line[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text")
    return value


def _number(line: Line, name: str, default: float | None = None) -> float:
    value = line.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"{name} is a number of at least 0")
    return value


def _one_of(line: Line, name: str, choices: tuple[str, ...]) -> str:
    value = line[name]
    if value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}")
    return str(value)
