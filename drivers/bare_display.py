"""Words on a display from whatever state its controller is in, with nothing but pins: no library, no loop, no glyphs.

HD44780 and ST7920 understand the same as far as this goes. ``line(bits, data)`` puts a nibble on their lines and strobes E.
"""

from time import sleep_ms

from machine import I2C, Pin


def on_pins(numbers, backlight):
    """The ``line`` of a display on the pins RS, E, D4 to D7; ``backlight`` may be None."""
    pins = [Pin(number, Pin.OUT, value=0) for number in numbers]
    if backlight is not None:
        Pin(backlight, Pin.OUT, value=1)

    def line(bits, data):
        pins[0].value(data)
        for pin in pins[2:]:
            pin.value(bits & 1)
            bits >>= 1
        pins[1].value(1)
        pins[1].value(0)

    return line


def behind_an_expander(address, scl, sda):
    """The ``line`` of a display wired as in `drivers/backpack.py`."""
    bus = I2C(0, scl=Pin(scl), sda=Pin(sda), freq=100_000)

    def line(bits, data):
        for enable in (4, 0):
            bus.writeto(address, bytes((bits << 4 | 8 | enable | data,)))

    return line


def write(line, function, rows):
    """Reset the controller and write ``rows``, (address, ASCII) each; ``function``: its "function set" for four bits."""

    def nibble(bits, data):
        line(bits & 15, data)
        sleep_ms(5)

    def send(byte, data):
        nibble(byte >> 4, data)
        nibble(byte, data)

    sleep_ms(50)
    for bits in (3, 3, 3, 2):
        nibble(bits, 0)
    for instruction in (function, 0x0C, 0x01, 0x06):
        send(instruction, 0)
        sleep_ms(10)
    for address, words in rows:
        send(0x80 | address, 0)
        for letter in words:
            send(letter, 1)
