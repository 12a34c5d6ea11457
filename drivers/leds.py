"""The two lights beside the display."""

from machine import Pin


class Leds:
    """`green` and `red` are GPIO numbers; `inverted` when a low pin lights the LED."""

    def __init__(self, green, red, inverted=False):
        self._off = 1 if inverted else 0
        self._green = Pin(green, Pin.OUT, value=self._off)
        self._red = Pin(red, Pin.OUT, value=self._off)

    def green(self, on):
        self._green.value(self._off ^ bool(on))

    def red(self, on):
        self._red.value(self._off ^ bool(on))
