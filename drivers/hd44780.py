"""A character display with an HD44780 controller (Hitachi datasheet ADE-207-272(Z), ROM code A00) on six GPIOs.

Bytes reach the controller through adafruit-circuitpython-charlcd (the build leaves out of it what is not called here). It sleeps
1 ms before each byte, longer than any command but clear and home takes (37 us, table 6), so every method here holds the loop 1 to
1.5 ms on an ESP32; `begin()`, which runs the library's constructor, about 15 ms.
"""

import sys

import drivers.digitalio as digitalio

# The library imports CircuitPython's module by its own name.
sys.modules["digitalio"] = digitalio

import adafruit_character_lcd.character_lcd as library  # noqa: E402

# Where ROM A00 (datasheet table 4) is not ASCII, by Unicode number: ¥ → ← · ° ÷ █; it has the yen sign for the backslash and
# arrows for tilde and delete.
ROM_A00 = {0xA5: 0x5C, 0x2192: 0x7E, 0x2190: 0x7F, 0xB7: 0xA5, 0xB0: 0xDF, 0xF7: 0xFD, 0x2588: 0xFF, 0x5C: 0x3F, 0x7E: 0x3F}


class Hd44780(library.Character_LCD_Mono):
    """The controller's two memories, one byte at a time.

    Pins are GPIO numbers; `backlight` may be None. `columns` × `rows` is 16×2, 20×2, 16×4 or 20×4 (one controller).
    Not usable before `begin()`; call that 50 ms or more after power is on (the datasheet, p. 46, asks for 40).
    """

    GLYPHS = 8
    STEP = 1
    # A byte takes 1 to 1.5 ms: three stay under 5.
    TURN = 3

    def __init__(self, rs, en, d4, d5, d6, d7, columns, rows, backlight=None, backlight_inverted=False):
        self._pins = [digitalio.DigitalInOut(n) for n in (rs, en, d4, d5, d6, d7)]
        self._light = None if backlight is None else digitalio.DigitalInOut(backlight)
        self._inverted = backlight_inverted
        self.columns = columns
        self.rows = rows

    def begin(self):
        """Reset the controller from whatever state it is in, and clear it."""
        super().__init__(*self._pins, self.columns, self.rows, self._light, self._inverted)

    def code(self, point):
        """The ROM's code for a character's Unicode number; that of `?` where it has none."""
        code = ROM_A00.get(point) or point
        return code if 0x20 <= code < 0x7E or point in ROM_A00 else 0x3F

    def cell(self, row, column):
        """The next `put` is the character code at this place."""
        # DDRAM rows start at 0 and 0x40; rows 2 and 3 continue those two after one row's width (datasheet p. 11). The library's
        # own `cursor_position` has this for 20 columns only.
        self._write8(0x80 | (row & 1) * 0x40 + (row >> 1) * self.columns + column)

    def glyph_row(self, index):
        """The next `put` is a bitmap row: `index` is 8 × glyph + row from the top."""
        self._write8(0x40 | index)

    def put(self, byte):
        """Write a byte and step to the next address."""
        self._write8(byte, True)
