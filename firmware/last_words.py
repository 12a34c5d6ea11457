"""What a terminal says when even safe mode does not start, because files of the application are damaged. It needs the board's
pins and nothing else, and says it as soon as it is imported. The journal can still be read over USB: nothing resets the chip now.
"""

from time import sleep, sleep_ms

import board
from machine import Pin

# In letters that every controller has, and not from the texts, which may be what is damaged.
_WORDS = (b"SAFE MODE", b"Call technician")
_ROW_STEP = 0x10 if board.LCD_KIND == "st7920" else 0x40
_FUNCTION = 0x20 if board.LCD_KIND == "st7920" else 0x28


def say():
    """Reset the controller from whatever state it is in (both kinds understand the same), write, and stay."""
    rs, en, d4, d5, d6, d7 = [Pin(number, Pin.OUT, value=0) for number in board.LCD_PINS]

    def nibble(bits):
        for pin in (d4, d5, d6, d7):
            pin.value(bits & 1)
            bits >>= 1
        en.value(1)
        en.value(0)
        sleep_ms(5)

    def send(byte, data):
        rs.value(data)
        nibble(byte >> 4)
        nibble(byte)

    sleep_ms(50)
    for bits in (3, 3, 3, 2):
        nibble(bits)
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
