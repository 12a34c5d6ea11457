"""The display controller and what else a person sees and hears, from pin events alone."""

from __future__ import annotations

import pytest

from simulator import page
from simulator.front_panel import FrontPanel
from simulator.hd44780 import Hd44780
from simulator.page import PinEvent
from simulator.wiring import Wiring


class DisplayPins:
    """Drives a display's pins as the data sheet's 4-bit sequence wants."""

    def __init__(self, display: Hd44780, started_us: int = 20_000) -> None:
        self.display = display
        self.us = started_us
        for nibble in (3, 3, 3, 2):
            self.nibble(nibble, 0)
            self.us += 5000
        for command in (0x28, 0x0C, 0x06):
            self.command(command)
        self.command(0x01)
        self.us += 2000

    def nibble(self, nibble: int, rs: int) -> None:
        for name, level in [("rs", rs), *((f"d{4 + bit}", nibble >> bit & 1) for bit in range(4)), ("en", 1), ("en", 0)]:
            self.display.pin(self.us, name, level)

    def byte(self, value: int, rs: int) -> None:
        self.nibble(value >> 4, rs)
        self.nibble(value & 15, rs)
        self.us += 50

    def command(self, value: int) -> None:
        self.byte(value, 0)

    def text(self, text: str) -> None:
        for char in text:
            self.byte(ord(char), 1)


@pytest.fixture
def lcd() -> DisplayPins:
    return DisplayPins(Hd44780(16, 2))


def test_display_shows_what_is_written_where(lcd: DisplayPins) -> None:
    lcd.text("hello")
    lcd.command(0x80 | 0x4E)
    lcd.text("xyz")  # the z goes to the 17th cell, which no glass shows
    assert lcd.display.glass() == ["hello           ", "              xy"]
    assert lcd.display.misuses == []


def test_display_is_dark_until_switched_on_and_keeps_its_memory() -> None:
    lcd = DisplayPins(Hd44780(16, 2))
    lcd.text("hi")
    lcd.command(0x08)
    assert lcd.display.glass() == [" " * 16] * 2
    lcd.command(0x0C)
    assert lcd.display.glass()[0].startswith("hi")


def test_display_tells_glyphs_by_their_bitmap(lcd: DisplayPins) -> None:
    lcd.command(0x40 | 8)
    for row in bytes.fromhex("08 1F 12 0F 0A 1F 02 00"):
        lcd.byte(row, 1)
    lcd.command(0x40 | 16)
    for row in bytes.fromhex("01 02 03 04 05 06 07 08"):
        lcd.byte(row, 1)
    lcd.command(0x80)
    for code in (1, 9, 2, 0x5C, 0x7E, 0xB1, 0xFF):
        lcd.byte(code, 1)
    assert lcd.display.glass()[0][:7] == "年年\ufffd¥→ｱ█"


def test_display_rows_of_four_line_modules() -> None:
    for columns, starts in ((20, (0, 0x40, 20, 0x54)), (16, (0, 0x40, 16, 0x50))):
        lcd = DisplayPins(Hd44780(columns, 4))
        for row, start in enumerate(starts):
            lcd.command(0x80 | start)
            lcd.text(str(row))
        assert [row[0] for row in lcd.display.glass()] == ["0", "1", "2", "3"]


def test_display_shift_and_right_to_left(lcd: DisplayPins) -> None:
    lcd.text("abc")
    lcd.command(0x18)  # shift left
    assert lcd.display.glass()[0].startswith("bc")
    lcd.command(0x02)
    lcd.command(0x04)  # decrement
    lcd.command(0x80 | 5)
    lcd.text("12")
    assert lcd.display.glass()[0] == "abc 21" + " " * 10


def test_display_initialises_again_after_a_reset_in_the_midst_of_a_byte(lcd: DisplayPins) -> None:
    lcd.nibble(4, 1)  # half a character, then the microcontroller is reset
    again = DisplayPins(lcd.display, lcd.us + 50_000)
    again.text("ok")
    assert again.display.glass()[0].startswith("ok")


def test_display_notes_what_came_too_early() -> None:
    assert "too early" in DisplayPins(Hd44780(16, 2), 100).display.misuses[0]
    hasty = DisplayPins(Hd44780(16, 2))
    hasty.command(0x01)
    hasty.text("x")  # 50 µs after a clear that takes 1.5 ms
    assert len(hasty.display.misuses) == 1


def test_glass_is_reported_when_still_and_now_and_then_while_it_changes(board) -> None:
    reported: list[tuple[int, dict]] = []
    panel = FrontPanel(Wiring.of(board), lambda us, event: reported.append((us, event)))
    lcd = DisplayPins(panel.display)
    panel.refresh(lcd.us, at_once=True)
    reported.clear()
    for char in "twelve chars":
        lcd.text(char)
        lcd.us += 3000
        panel.refresh(lcd.us)
    busy = len(reported)
    assert 1 <= busy <= 3  # 36 ms of writing
    assert panel.refresh(lcd.us + 20_000) is False
    assert reported[-1][1] == {"lcd": ["twelve chars    ", " " * 16]}
    assert reported[-1][0] < lcd.us  # the time of the last pin write, not of the report


def test_buzzer_tones_and_lamps(board) -> None:
    reported: list[tuple[int, dict]] = []
    wiring = Wiring.of(board)
    panel = FrontPanel(wiring, lambda us, event: reported.append((us, event)))
    buzzer = wiring.buzzer
    for us, kind, gpio, value in (
        (0, page.PWM_FREQ_EVENT, buzzer, 2000), (0, page.PWM_DUTY_EVENT, buzzer, 32768),
        (80_000, page.PWM_FREQ_EVENT, buzzer, 1000), (200_000, page.PWM_DUTY_EVENT, buzzer, 0),
    ):  # fmt: skip
        panel.take(PinEvent(us, kind, gpio, value))
    assert reported == [(0, {"beep": [2000, 80]}), (80_000, {"beep": [1000, 120]})]
    green = next(gpio for gpio, colour in wiring.leds.items() if colour == "green")
    panel.take(PinEvent(0, page.LEVEL_EVENT, green, 1))
    assert panel.leds["green"] is False  # not an output yet
    panel.take(PinEvent(0, page.MODE_EVENT, green, 0b111))
    assert panel.leds["green"] is True
