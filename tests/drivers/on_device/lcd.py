"""The display through the real library down to the pins."""

import asyncio
import sys

from hd44780_glass import Glass
from machine import I2C, Pin

from drivers.backpack import Backpack
from drivers.display import Display
from drivers.hd44780 import Hd44780

PINS = (1, 2, 3, 4, 5, 6)


def begin(columns=16, rows=2):
    glass = Glass(*PINS)
    Pin.on_write = glass.write
    return glass, Display(Hd44780(*PINS, columns, rows))


async def settle(display):
    while not display.settled():
        await asyncio.sleep_ms(1)


def run(display, scene):
    async def both():
        task = asyncio.create_task(display.run())
        try:
            await asyncio.wait_for(scene(), 10)
        finally:
            task.cancel()

    try:
        asyncio.run(both())
    finally:
        asyncio.new_event_loop()


def test_text_arrives_clipped_and_padded():
    glass, display = begin()
    display[0] = "138 0013 8000 and more"
    display[1] = "ok"

    async def scene():
        await settle(display)
        assert glass.row(0, 16) == b"138 0013 8000 an", glass.row(0, 16)
        assert glass.row(1, 16) == b"ok" + b" " * 14
        display[1] = ""
        assert not display.settled()
        await settle(display)
        assert glass.row(1, 16) == b" " * 16

    run(display, scene)


def drawn(number):
    """A bitmap that names its number."""
    return bytes(((number + row) & 0x1F) for row in range(8))


def own(*numbers):
    return "".join(chr(0xE000 + number) for number in numbers)


def test_yen_and_what_the_rom_lacks():
    glass, display = begin()
    display[0] = "¥5 \\~→←° 车\n"

    async def scene():
        await settle(display)
        assert glass.row(0, 16) == b"\\5 ??\x7e\x7f\xdf ??     ", glass.row(0, 16)

    run(display, scene)


def shapes(glass, row):
    """The numbers of our own characters on the glass, told by their bitmaps; None for the others."""
    return [glass.cgram[code * 8] if code < 8 else None for code in glass.row(row, 16)]


def test_glyphs_are_loaded_as_screens_need_them():
    glass, display = begin()
    display.glyphs(drawn)

    async def scene():
        display.show(["2026" + own(20) + "12" + own(21), own(22, 20)])
        await settle(display)
        assert shapes(glass, 0) == [None] * 4 + [20, None, None, 21] + [None] * 8
        assert shapes(glass, 1)[:2] == [22, 20]
        before = glass.bytes
        display.show([own(22) + "2026", own(20)])
        await settle(display)
        # Three runs of cells with an address each: no bitmap was written again.
        assert glass.bytes - before <= 16 + 3, glass.bytes - before
        display.show([own(1, 2, 3, 4), own(5, 6, 7, 8)])
        await settle(display)
        assert shapes(glass, 0)[:4] == [1, 2, 3, 4] and shapes(glass, 1)[:4] == [5, 6, 7, 8]
        display.show([own(1, 2, 3, 4), own(5, 6, 7, 8, 9)])
        await settle(display)
        assert glass.row(1, 16)[4:5] == b"?", "nine glyphs on one glass"

    run(display, scene)


def test_glyphs_below_the_glass_are_loaded_ahead():
    glass, display = begin()
    display.glyphs(drawn)

    async def scene():
        display.show(["wait", "", own(11, 12, 13)])
        await settle(display)
        assert glass.row(1, 16) == b" " * 16
        before = glass.bytes
        display.show([own(11, 12, 13)])
        await settle(display)
        assert shapes(glass, 0)[:3] == [11, 12, 13]
        assert glass.bytes - before == 5, glass.bytes - before  # the address, three glyphs, a blank

    run(display, scene)


def fill_rows(columns, rows):
    glass, display = begin(columns, rows)
    for row in range(rows):
        display[row] = chr(ord("A") + row) * columns

    async def scene():
        await settle(display)
        for row in range(rows):
            assert glass.row(row, columns) == bytes([ord("A") + row]) * columns, (columns, rows, row)
        assert len(glass.ddram) == 128

    run(display, scene)
    return display


def test_rows_lie_where_the_controller_has_them():
    for columns, rows in ((16, 2), (20, 2), (16, 4), (20, 4)):
        display = fill_rows(columns, rows)
    for row in (-5, 4):
        try:
            display[row] = "x"
        except IndexError:
            continue
        raise AssertionError("row outside the display was taken")


def test_only_changed_cells_are_written():
    glass, display = begin()
    display[0] = "138 0013 8000"

    async def scene():
        await settle(display)
        before = glass.bytes
        display[0] = "138 0013 8001"
        await settle(display)
        assert glass.bytes - before == 2, glass.bytes - before  # address, character
        before = glass.bytes
        display[0] = "138 0013 8001"
        await settle(display)
        assert glass.bytes == before
        display[0] = "0123456789abcdef"
        display[1] = "fedcba9876543210"
        await settle(display)
        assert glass.bytes - before == 34, glass.bytes - before

    run(display, scene)


def test_latest_text_wins_and_no_line_starves():
    glass, display = begin()

    async def scene():
        await settle(display)
        display[1] = "below"
        for n in range(60):
            display[0] = f"{1_234_567 * n:016d}"
            await asyncio.sleep_ms(1)
            if bytes(glass.row(1, 16)).startswith(b"below"):
                break
        else:
            raise AssertionError("the second line never came")
        display[0] = "last"
        await settle(display)
        assert glass.row(0, 16) == b"last" + b" " * 12

    run(display, scene)


def test_loop_is_not_held():
    glass, display = begin(20, 4)

    async def scene():
        await settle(display)
        worst = 0
        for n in range(4):
            display[n] = "01234567890123456789"
        while not display.settled():
            before = glass.bytes
            await asyncio.sleep_ms(0)
            worst = max(worst, glass.bytes - before)
        # Each takes 1.5 ms on an ESP32. Counted and not timed: a busy computer sleeps longer.
        assert worst == 3, worst

    run(display, scene)


def test_restart_mends_a_garbled_controller():
    glass, display = begin()
    display.glyphs(drawn)
    display[0] = "139" + own(30)

    async def scene():
        await settle(display)
        # Noise: half a byte too much, and the memories overwritten.
        glass._high = 3
        glass.ddram[:] = b"#" * 128
        glass.cgram[:] = b"\x15" * 64
        display.restart()
        assert not display.settled()
        await settle(display)
        assert glass.row(0, 16) == b"139\x00" + b" " * 12, glass.row(0, 16)
        assert bytes(glass.cgram[:8]) == drawn(30)

    run(display, scene)


def test_nothing_is_sent_before_the_controller_is_powered_up():
    glass, display = begin()
    display[0] = "x"

    async def scene():
        await asyncio.sleep_ms(45)
        assert not glass.four_bits and glass.bytes == 0
        await settle(display)

    run(display, scene)


def test_library_is_the_published_one():
    import adafruit_character_lcd.character_lcd as library

    assert library.__version__, sys.path


def test_the_same_through_a_port_expander():
    glass = Glass(0, 2, 4, 5, 6, 7)  # by the expander's outputs
    levels = [0]
    told = []

    def send(address, byte):
        told.append(address)
        # Whatever else changes has to be steady while E is high, and before it rises.
        if levels[0] & 4:
            assert levels[0] | 4 == byte | 4
        elif byte & 4:
            assert levels[0] == byte & ~4
        for bit in (0, 4, 5, 6, 7, 2):
            glass.write(bit, byte >> bit & 1)
        assert byte & 8 and not byte & 2, "the light stays on, and the display is only written to"
        levels[0] = byte

    I2C.on_send = send
    display = Display(Backpack(0x27, 33, 32, 16, 2))
    display[0] = "138 0013 8000"
    display[1] = "ok"

    async def scene():
        await settle(display)
        assert glass.row(0, 16) == b"138 0013 8000   ", glass.row(0, 16)
        assert glass.row(1, 16) == b"ok" + b" " * 14
        I2C.on_send = None
        display[1] = "gone"
        await settle(display)

    run(display, scene)
    assert set(told) == {0x27}
