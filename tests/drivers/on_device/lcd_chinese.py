"""The 128x64 display that speaks Chinese, down to the pins."""

import asyncio

import lcd
from machine import Pin
from st7920_glass import Glass

from drivers.display import Display
from drivers.st7920 import St7920

PINS = (1, 2, 3, 4, 5, 6)


def begin():
    glass = Glass(*PINS)
    Pin.on_write = glass.write
    return glass, Display(St7920(*PINS))


def hanzi(*codes):
    """Characters of GB2312 as the build encodes them."""
    return "".join(chr(0xE000 + ((code >> 8) - 0xA1) * 94 + (code & 0xFF) - 0xA1) for code in codes)


VALID = hanzi(0xD3D0, 0xD0A7)


def four_rows_arrive(half):
    glass, display = begin()
    glass.four_bits = half
    glass._high = 5 if half else None

    async def scene():
        display.show([VALID + "  VIP", "138 0013 8000", "c" * 20, "d"])
        await lcd.settle(display)
        assert glass.four_bits and glass.lit and not glass.halves
        assert glass.row(0) == b"\xd3\xd0\xd0\xa7  VIP       ", glass.row(0)
        assert glass.row(1) == b"138 0013 8000   " and glass.row(2) == b"c" * 16 and glass.row(3) == b"d" + b" " * 15

    lcd.run(display, scene)


def test_four_rows_arrive_from_any_state_of_the_interface():
    four_rows_arrive(False)
    four_rows_arrive(True)


def test_wide_characters_start_at_even_cells_and_are_never_cut():
    glass, display = begin()

    async def scene():
        # Whatever was there before shows through nowhere.
        display.show(["#" * 16] * 4)
        await lcd.settle(display)
        display.show(["*" + VALID + "a" + VALID, "0123456789abcd" + VALID, "0123456789abcde" + VALID, "\u8f66?"])
        await lcd.settle(display)
        assert glass.row(0) == b"* \xd3\xd0\xd0\xa7a \xd3\xd0\xd0\xa7    ", glass.row(0)
        assert glass.row(1) == b"0123456789abcd\xd3\xd0"
        assert glass.row(2) == b"0123456789abcde "
        assert glass.row(3) == b"??" + b" " * 14

    lcd.run(display, scene)


def test_only_changed_words_are_written_and_always_whole():
    glass, display = begin()

    async def scene():
        display.show(["138 0013 8000"])
        await lcd.settle(display)
        before = glass.bytes
        display[0] = "138 0013 8001"
        await lcd.settle(display)
        assert glass.bytes - before == 3  # address and the word
        display[0] = "138 0013 8091"
        await lcd.settle(display)
        assert glass.row(0) == b"138 0013 8091   " and not glass.halves
        before = glass.bytes
        display.show(["a" * 16, "b" * 16, "c" * 16, "d" * 16])
        await lcd.settle(display)
        assert glass.bytes - before == 68

    lcd.run(display, scene)


def test_loop_is_not_held():
    glass, display = begin()

    async def scene():
        await lcd.settle(display)
        display.show(["0123456789abcdef"] * 4)
        worst = turns = 0
        while not display.settled():
            before = glass.bytes
            await asyncio.sleep_ms(0)
            worst = max(worst, glass.bytes - before)
            turns += 1
        # 0.25 ms each on an ESP32.
        assert worst <= 17 and 4 <= turns <= 10, (worst, turns)

    lcd.run(display, scene)
