"""A 128x64 display with an ST7920 controller (Sitronix data sheet V4.0) on six GPIOs: four lines of eight Chinese characters.

Wired like a character display: PSB high, R/W low, D4 to D7; the chip's own font in basic text mode. Every byte holds the loop
some 250 us on an ESP32, `begin()` 20 ms.
"""

from time import sleep_ms, sleep_us

from machine import Pin
from micropython import const

_INSTRUCTION_US = const(80)  # 72 at the chip's nominal 540 kHz
_CLEAR_MS = const(10)  # 1.6 ms for the instruction; the data sheet's start-up sequence waits 10
_ROWS = b"\x80\x90\x88\x98"
_GLYPH = const(0xE000)


class St7920:
    """The controller's text memory, one byte at a time.

    Pins are GPIO numbers; `backlight` may be None. Not usable before `begin()`; call that 40 ms or more after power is on.
    """

    GLYPHS = 0
    STEP = 2
    TURN = 17
    columns = 16
    rows = 4

    def __init__(self, rs, en, d4, d5, d6, d7, backlight=None):
        self._rs, self._en = [Pin(n, Pin.OUT, value=0) for n in (rs, en)]
        self._data = [Pin(n, Pin.OUT, value=0) for n in (d4, d5, d6, d7)]
        self._light = None if backlight is None else Pin(backlight, Pin.OUT, value=0)

    def begin(self):
        """Reset the controller's interface from whatever state it is in, and clear the glass."""
        # Three times "8 bits wide" is that in any state, even amid a byte; the interface then understands "4 bits wide".
        self._rs.value(0)
        for nibble in (3, 3, 3, 2):
            self._nibble(nibble)
            sleep_ms(1)
        for instruction in (0x20, 0x0C, 0x01, 0x06):
            self._send(instruction, 0)
            if instruction == 0x01:
                sleep_ms(_CLEAR_MS)
        if self._light:
            self._light.value(1)

    def code(self, code):
        """A byte for ASCII, GB2312's two for 0xE000 + 94 x row + place (both counted from 0), for others that of `?`."""
        if code >= _GLYPH:
            code -= _GLYPH
            return (code // 94 + 0xA1) << 8 | code % 94 + 0xA1
        return code if 0x20 <= code < 0x7F else 0x3F

    def cell(self, row, column):
        """The next two `put` are the cells from this place on; `column` is even."""
        self._send(_ROWS[row] + column // 2, 0)

    def put(self, byte):
        """Write a byte and step on."""
        self._send(byte, 1)

    def _send(self, byte, rs):
        self._rs.value(rs)
        self._nibble(byte >> 4)
        self._nibble(byte)
        sleep_us(_INSTRUCTION_US)

    def _nibble(self, bits):
        for pin in self._data:
            pin.value(bits & 1)
            bits >>= 1
        # The pulse has to last 140 ns; a call takes longer.
        self._en.value(1)
        self._en.value(0)
