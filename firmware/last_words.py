"""What a terminal says when even safe mode does not start, because files of the application are damaged. It needs the board's
pins and nothing else, and says it as soon as it is imported. The journal can still be read over USB: nothing resets the chip now.
"""

from time import sleep

import board

from drivers.bare_display import behind_an_expander, on_pins, write

_FUNCTION, _SECOND_ROW = (0x20, 0x10) if board.LCD_KIND == "st7920" else (0x28, 0x40)


def say():
    """Write, and stay."""
    if board.LCD_EXPANDER:
        line = behind_an_expander(board.LCD_EXPANDER, board.I2C_SCL, board.I2C_SDA)
    else:
        line = on_pins(board.LCD_PINS, board.LCD_BACKLIGHT)
    # In letters that every controller has, and not from the texts, which may be what is damaged.
    write(line, _FUNCTION, ((0, b"SAFE MODE"), (_SECOND_ROW, b"Call technician")))
    while True:
        sleep(1)


say()
