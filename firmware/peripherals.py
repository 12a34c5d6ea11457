"""Which drivers the board's peripherals take, for both composition roots. The build keeps only the code of what is there."""

import board


def glass():
    """The display's controller."""
    if board.LCD_KIND == "st7920":
        from drivers.st7920 import St7920

        return St7920(*board.LCD_PINS, board.LCD_BACKLIGHT)
    if board.LCD_EXPANDER:
        from drivers.backpack import Backpack

        return Backpack(board.LCD_EXPANDER, board.I2C_SCL, board.I2C_SDA, board.LCD_COLUMNS, board.LCD_ROWS)
    from drivers.hd44780 import Hd44780

    return Hd44780(*board.LCD_PINS, board.LCD_COLUMNS, board.LCD_ROWS, board.LCD_BACKLIGHT)


def link():
    """The network interface."""
    if board.ETHERNET:
        from drivers.lan import Lan

        return Lan(*board.ETHERNET)
    from drivers.wifi import Wifi

    return Wifi()
