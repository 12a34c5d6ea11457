"""A character display behind a PCF8574 port expander (NXP data sheet PCF8574 Rev. 5, an "I2C backpack"), for lack of pins.

The usual wiring: P0 RS, P1 R/W (kept low), P2 E, P3 backlight, P4 to P7 D4 to D7. The expander's bus is limited to 100 kHz, so
that a byte of the display takes six transfers, 1.5 ms, on top of the library's own millisecond.
"""

from machine import I2C, Pin
from micropython import const

from drivers.hd44780 import Hd44780

_ENABLE = const(0x04)
_MASKS = (0x01, _ENABLE, 0x10, 0x20, 0x40, 0x80)  # rs, en, d4 to d7
_LIGHT = const(0x08)
_HZ = const(100_000)


class _Line:
    """One output of the expander, as `digitalio.DigitalInOut` would be. All lines of one display share its bytes."""

    def __init__(self, i2c, address, latch, mask):
        self._i2c = i2c
        self._address = address
        self._latch = latch
        self._mask = mask

    def _set_value(self, value):
        latch = self._latch
        latch[0] = latch[0] | self._mask if value else latch[0] & ~self._mask
        # The display takes its other lines over as E falls, and wants them steady before it rises: nothing is sent between.
        if self._mask == _ENABLE:
            try:
                self._i2c.writeto(self._address, latch)
            except OSError:
                pass  # a display that was unplugged must not end the terminal

    value = property(None, _set_value)


class Backpack(Hd44780):
    """As `Hd44780`, its lines those of the expander at ``address`` on I2C."""

    # A byte takes 2.5 ms: two stay at 5.
    TURN = 2

    def __init__(self, address, scl, sda, columns, rows):
        i2c = I2C(0, scl=Pin(scl), sda=Pin(sda), freq=_HZ)
        latch = bytearray((_LIGHT,))
        self._pins = [_Line(i2c, address, latch, mask) for mask in _MASKS]
        self._light = None
        self._inverted = False
        self.columns = columns
        self.rows = rows
