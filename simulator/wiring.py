"""What is soldered to which pin, as the models need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from host_tools.boards import Board
from host_tools.errors import CheYouError

_LINES = ("rs", "en", "d4", "d5", "d6", "d7")
DISPLAYS = ("hd44780", "st7920")


@dataclass(frozen=True)
class Wiring:
    """GPIO numbers by what hangs on them."""

    name: str
    flash_bytes: int
    display: str
    columns: int
    rows: int
    display_pins: Mapping[int, str]
    expander: int | None
    backlight: int | None
    keypad_rows: tuple[int, ...]
    keypad_columns: tuple[int, ...]
    layout: tuple[str, ...]
    pulled_up: bool
    buzzer: int
    leds: Mapping[int, str]
    clock_chip: bool

    @classmethod
    def of(cls, board: Board) -> Wiring:
        """The wiring of a board; CheYouError when it has a part that the simulator has no model of."""
        display, keypad = board.display, board.keypad
        if display.kind not in DISPLAYS:
            raise CheYouError(
                f"the simulator has no model of the {display.kind} display of {board.name}", "choose another --board"
            )
        return cls(
            name=board.name,
            flash_bytes=board.flash_bytes,
            display=display.kind,
            columns=display.columns,
            rows=display.rows,
            display_pins={gpio: name for gpio, name in zip(display.pins, _LINES, strict=True) if gpio is not None},
            expander=display.expander,
            backlight=display.backlight,
            keypad_rows=keypad.rows,
            keypad_columns=keypad.columns,
            layout=keypad.layout,
            pulled_up=keypad.pull_ups == "external",
            buzzer=board.buzzer_pin,
            leds={board.led_green: "green", board.led_red: "red"},
            clock_chip=board.clock_kind == "ds3231",
        )
