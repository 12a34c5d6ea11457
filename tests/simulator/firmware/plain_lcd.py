"""A few lines to drive the display, after the data sheet: not the terminal's driver, which has tests of its own."""

from time import sleep_ms, sleep_us

from machine import Pin


class PlainLcd:
    def __init__(self, rs=19, en=23, data=(18, 17, 16, 4), wait_ms=20):
        self._rs = Pin(rs, Pin.OUT, value=0)
        self._en = Pin(en, Pin.OUT, value=0)
        self._data = [Pin(n, Pin.OUT, value=0) for n in data]
        sleep_ms(wait_ms)
        for nibble in (3, 3, 3, 2):
            self._nibble(nibble)
            sleep_ms(5)
        for command in (0x28, 0x0C, 0x06, 0x01):
            self.command(command)
        sleep_ms(2)

    def command(self, value):
        self._rs.value(0)
        self._byte(value)

    def put(self, value):
        self._rs.value(1)
        self._byte(value)

    def text(self, row, text):
        self.command(0x80 | 0x40 * row)
        for char in text:
            self.put(ord(char))

    def _byte(self, value):
        self._nibble(value >> 4)
        self._nibble(value & 15)
        sleep_us(50)

    def _nibble(self, nibble):
        for bit, pin in enumerate(self._data):
            pin.value(nibble >> bit & 1)
        self._en.value(1)
        self._en.value(0)
