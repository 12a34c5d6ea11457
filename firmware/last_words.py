"""What a terminal says when even safe mode does not start, because files of the application are damaged. It needs the board's
pins and nothing else, and says it as soon as it is imported. The journal can still be read over USB: nothing resets the chip now.
"""

from time import sleep, sleep_ms

import board
from machine import I2C, Pin

# In letters that every controller has, and not from the texts, which may be what is damaged.
_WORDS = (b"SAFE MODE", b"Call technician")
_ROW_STEP = 0x10 if board.LCD_KIND == "st7920" else 0x40
_FUNCTION = 0x20 if board.LCD_KIND == "st7920" else 0x28


def _on_pins():
    pins = [Pin(number, Pin.OUT, value=0) for number in board.LCD_PINS]
    _light(board.LCD_BACKLIGHT)

    def line(bits, data):
        pins[0].value(data)
        for pin in pins[2:]:
            pin.value(bits & 1)
            bits >>= 1
        pins[1].value(1)
        pins[1].value(0)

    return line


def _light(number):
    if number is not None:
        Pin(number, Pin.OUT, value=1)


def _behind_an_expander():
    """Wired as in `drivers/backpack.py`."""
    bus = I2C(0, scl=Pin(board.I2C_SCL), sda=Pin(board.I2C_SDA), freq=100_000)

    def line(bits, data):
        for enable in (4, 0):
            bus.writeto(board.LCD_EXPANDER, bytes((bits << 4 | 8 | enable | data,)))

    return line


def say():
    """Reset the controller from whatever state it is in (both kinds understand the same), write, and stay."""
    line = _behind_an_expander() if board.LCD_EXPANDER else _on_pins()

    def nibble(bits, data):
        line(bits & 15, data)
        sleep_ms(5)

    def send(byte, data):
        nibble(byte >> 4, data)
        nibble(byte, data)

    sleep_ms(50)
    for bits in (3, 3, 3, 2):
        nibble(bits, 0)
    for instruction in (_FUNCTION, 0x0C, 0x01, 0x06):
        send(instruction, 0)
        sleep_ms(10)
    for row, words in enumerate(_WORDS):
        send(0x80 + row * _ROW_STEP, 0)
        for letter in words:
            send(letter, 1)
    while True:
        sleep(1)


say()
