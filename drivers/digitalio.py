"""What adafruit_character_lcd needs of CircuitPython's `digitalio`, over `machine.Pin`.

https://docs.circuitpython.org/en/latest/shared-bindings/digitalio/ describes the original; the display library only ever sets
`direction` to OUTPUT and sets `value`, so only those exist here.
"""

from machine import Pin


class Direction:
    OUTPUT = Pin.OUT


class DigitalInOut:
    """An output pin, by GPIO number."""

    def __init__(self, number):
        self._pin = Pin(number)
        # Bound once: the display library sets twelve values a byte.
        self._write = self._pin.value

    def _set_direction(self, direction):
        self._pin.init(direction)

    def _set_value(self, value):
        self._write(value)

    direction = property(None, _set_direction)
    value = property(None, _set_value)
