"""The DS3231 clock chip on I2C (Maxim 19-5170): time registers, control, status with its oscillator-stop flag.

Its battery keeps it running without the board's power. Not imitated: alarms, square wave, temperature (always 25 °C),
12-hour mode (written as 24-hour), ageing.
"""

from __future__ import annotations

import calendar
import time

from simulator.world_clock import WorldClock

ADDRESS = 0x68
_STATUS = 0x0F
_STOPPED = 0x80
_REGISTERS = 0x13


def _bcd(value: int) -> int:
    return value // 10 << 4 | value % 10


def _binary(value: int) -> int:
    return (value >> 4) * 10 + (value & 15)


class Ds3231:
    """Registers 0x00 to 0x12."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._registers = bytearray(_REGISTERS)
        self._registers[0x0E] = 0x1C
        self._registers[_STATUS] = _STOPPED | 0x08
        self._registers[0x11] = 25

    def read(self, register: int, length: int) -> bytes:
        now = self._clock.chip_now()
        if now is not None:
            t = time.gmtime(now)
            century = 0x80 if t.tm_year >= 2100 else 0
            self._registers[0:7] = bytes(
                (_bcd(t.tm_sec), _bcd(t.tm_min), _bcd(t.tm_hour), t.tm_wday + 1, _bcd(t.tm_mday), _bcd(t.tm_mon) | century,
                 _bcd(t.tm_year % 100))
            )  # fmt: skip
        status = self._registers[_STATUS]
        self._registers[_STATUS] = status & ~_STOPPED | (_STOPPED if self._clock.chip_offset is None else 0)
        return bytes(self._registers[(register + i) % _REGISTERS] for i in range(length))

    def write(self, register: int, data: bytes) -> None:
        self.read(0, 1)  # brings the time registers up to date, so that a partial write changes only its part
        times_written = False
        for i, value in enumerate(data):
            at = (register + i) % _REGISTERS
            if at == _STATUS and self._registers[_STATUS] & _STOPPED and not value & _STOPPED:
                times_written = True  # the flag cleared: the chip counts from what its registers hold
            self._registers[at] = value
            times_written |= at < 7
        if times_written:
            self._set_time()

    def _set_time(self) -> None:
        second, minute, hour, _day, date, month, year = self._registers[0:7]
        full_year = 2000 + _binary(year) + (100 if month & 0x80 else 0)
        parts = (
            full_year,
            max(1, _binary(month & 0x1F)),
            max(1, _binary(date)),
            _binary(hour & 0x3F),
            _binary(minute),
            _binary(second),
        )
        stopped = self._registers[_STATUS] & _STOPPED
        if stopped:
            return
        self._clock.set_chip(calendar.timegm((*parts, 0, 0, 0)))
