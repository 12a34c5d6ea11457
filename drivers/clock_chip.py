"""A battery-backed DS3231 clock on I2C (Maxim datasheet 19-5170; registers: figure 1). It is kept in UTC, 24-hour mode."""

from machine import I2C, Pin
from micropython import const

_ADDRESS = const(0x68)
_CONTROL = const(0x0E)
_STATUS = const(0x0F)
# Control: oscillator runs on battery too, square wave off (the power-up value). Status: OSF and the 32 kHz output cleared.
_RUNNING = b"\x1c\x00"
_STOPPED = const(0x80)
_TWELVE_HOURS = const(0x40)
_CENTURY = const(0x80)
_DAY = const(86_400)


def _days(year, month, day):
    """Days since 1970-01-01 in the Gregorian calendar, counting years from March so that a leap day comes last."""
    if month < 3:
        year -= 1
        month += 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719_469


def _bcd(number):
    return number // 10 << 4 | number % 10


class ClockChip:
    """`read` and `set` take about 0.6 ms of bus time at 400 kHz, 2 ms at the 100 kHz of a bus with a slower part on it."""

    def __init__(self, scl, sda, hz=400_000, bus=0):
        # A bus held low by a broken part must not hold the loop: 2 ms is more than any transfer takes.
        self._i2c = I2C(bus, scl=Pin(scl), sda=Pin(sda), freq=hz, timeout=2_000)

    def read(self):
        """Unix seconds; None when the chip is absent, was never set, has stopped since, or holds nonsense."""
        try:
            registers = self._i2c.readfrom_mem(_ADDRESS, 0, _STATUS + 1)
        except OSError:
            return None
        if registers[_STATUS] & _STOPPED or registers[2] & _TWELVE_HOURS:
            return None
        second, minute, hour, _, day, month, year = [(r >> 4) * 10 + (r & 15) for r in registers[:7]]
        if registers[5] & _CENTURY:
            year += 100
            month -= 80
        if second > 59 or minute > 59 or hour > 23 or not 1 <= day <= 31 or not 1 <= month <= 12:
            return None
        return _days(2000 + year, month, day) * _DAY + hour * 3600 + minute * 60 + second

    def set(self, unix):
        """Set from Unix seconds (2000 to 2099: the chip takes 2100 for a leap year); True when the chip took it."""
        days, second = divmod(unix, _DAY)
        year = 1970 + days // 366
        while _days(year + 1, 1, 1) <= days:
            year += 1
        month = 12
        while _days(year, month, 1) > days:
            month -= 1
        day = days - _days(year, month, 1) + 1
        if not 2000 <= year <= 2099:
            raise ValueError("year outside 2000 to 2099")
        hour, second = divmod(second, 3600)
        minute, second = divmod(second, 60)
        # 1970-01-01 was a Thursday; the chip only counts its weekday register on from 1 to 7.
        fields = (second, minute, hour, (days + 3) % 7 + 1, day, month, year - 2000)
        try:
            self._i2c.writeto_mem(_ADDRESS, 0, bytes([_bcd(f) for f in fields]))
            # After the time, so that a write cut short leaves the chip marked as stopped.
            self._i2c.writeto_mem(_ADDRESS, _CONTROL, _RUNNING)
        except OSError:
            return False
        return True
