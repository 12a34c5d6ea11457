"""What is connected to what, and what to buy: a board's file and `parts.toml` put together."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from host_tools.boards import Board

NETS = ("GND", "3V3", "5V")


@dataclass(frozen=True)
class Connection:
    """A part's pin and where it goes: to `gpio`, or else to the supply `net`; `via` is what lies in between."""

    pin: str
    gpio: int | None = None
    net: str = ""
    via: str = ""


@dataclass(frozen=True)
class Part:
    """A part: its title in English and Chinese, its connections, and what to buy for it (count, part, why)."""

    key: str
    title: str
    title_zh: str
    connections: tuple[Connection, ...]
    bill: tuple[tuple[int, str, str], ...]


def parts(board: Board) -> list[Part]:
    """Everything that is wired to the ESP32, in the order of drawing."""
    display = board.display
    kind = display.kind if display.expander is None else "expander"
    names = ("rs", "en", "d4", "d5", "d6", "d7", "backlight")
    pins = {name: getattr(display, name) for name in names} | {"sda": board.clock_sda, "scl": board.clock_scl}
    size = {"columns": display.columns, "rows": display.rows}
    lights = {"green": board.led_green, "red": board.led_red}
    clock = {"sda": board.clock_sda, "scl": board.clock_scl}
    return [
        _part("display", _catalogue()["display"][kind], pins, size),
        _part("buzzer", _catalogue()["buzzer"], {"buzzer": board.buzzer_pin}),
        _part("lights", _catalogue()["lights"], lights),
        _keypad(board),
        _part("clock", _catalogue()["clock"][board.clock_kind], clock),
    ]  # fmt: skip


def main_board(board: Board) -> Part:
    """The ESP32 itself, without connections of its own."""
    return _part("main", _catalogue()["main"][board.network], {}, {"flash_mb": board.flash_bytes >> 20})


def printed(board: Board, gpio: int) -> str:
    """A pin as it is printed on the board, or on common boards of its kind."""
    other = _catalogue()["main"][board.network]["prints"].get(str(gpio))
    return f"{gpio} ({other})" if other else str(gpio)


def _keypad(board: Board) -> Part:
    entry, keypad = _catalogue()["keypad"], board.keypad
    external = keypad.pull_ups == "external"
    rows = [Connection(f"row {'  '.join(keys)}", pin) for keys, pin in zip(keypad.layout, keypad.rows, strict=True)]
    columns = [
        Connection(f"column {'  '.join(keys)}", pin, via=entry["pull_up"] if external else "")
        for keys, pin in zip(zip(*keypad.layout, strict=True), keypad.columns, strict=True)
    ]
    words = {"rows": len(keypad.rows), "columns": len(keypad.columns), "keys": " ".join("".join(keypad.layout))}
    bill = entry["bill"] + (entry["pull_up_bill"] if external else [])
    return _part("keypad", entry | {"pins": [], "bill": bill}, {}, words, (*rows, *columns))


def _part(
    key: str, entry: dict[str, Any], gpios: Mapping[str, int | None], words: dict[str, Any] | None = None,
    connections: tuple[Connection, ...] = (),
) -> Part:  # fmt: skip
    words = words or {}
    own = tuple(_connection(pin, gpios) for pin in entry.get("pins", ()))
    bill = tuple((int(str(count).format(**words)), what.format(**words), why) for count, what, why in entry["bill"])
    title, title_zh = (title.format(**words) for title in entry["title"])
    return Part(key, title, title_zh, own + connections, bill)


def _connection(pin: dict[str, str], gpios: Mapping[str, int | None]) -> Connection:
    gpio = gpios[pin["gpio"]] if "gpio" in pin else None
    if gpio is None:
        # Without a pin of its own it is connected for good: then what switches it is not needed either.
        return Connection(pin["pin"], None, pin.get("net") or pin["else"], pin.get("via", "") if "net" in pin else "")
    return Connection(pin["pin"], gpio, "", pin.get("via", ""))


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("parts.toml").read_text(encoding="utf-8"))
