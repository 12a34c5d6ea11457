"""What the fakes ask of the host, by number: the other half of fakes/_bench.py's `call`."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from simulator.ds3231 import ADDRESS, Ds3231
from simulator.firmware_process import Call
from simulator.flash import NorFlash

BELL, BOOTED, RESET, WATCHDOG, HALTED, ERASE, PROGRAM = range(7)
I2C_SCAN, I2C_READ, I2C_WRITE = 10, 11, 12


class Answer(NamedTuple):
    """`status` < 0 is an errno (or ESP-IDF error) to raise; `seconds` is how long the hardware takes."""

    status: int = 0
    data: bytes = b""
    seconds: float = 0.0


DONE = Answer()
Handler = Callable[[Call], "Answer | Awaitable[Answer]"]


class FlashCalls:
    """Erase and program, in a flash's time unless `fast`."""

    def __init__(self, flash: NorFlash, fast: bool) -> None:
        self._flash = flash
        self._fast = fast

    def handlers(self) -> dict[int, Handler]:
        return {ERASE: self._erase, PROGRAM: self._program}

    def _erase(self, call: Call) -> Answer:
        try:
            return self._answer(self._flash.erase(call.a, call.b))
        except ValueError:
            return Answer(-258)  # ESP_ERR_INVALID_ARG

    def _program(self, call: Call) -> Answer:
        return self._answer(self._flash.program(call.a, call.data))

    def _answer(self, seconds: float) -> Answer:
        return DONE if self._fast else Answer(seconds=seconds)


class I2cCalls:
    """One bus, and the clock chip on it where the board has one."""

    def __init__(self, chip: Ds3231 | None) -> None:
        self._chip = chip

    def handlers(self) -> dict[int, Handler]:
        return {I2C_SCAN: self._scan, I2C_READ: self._read, I2C_WRITE: self._write}

    def _scan(self, _call: Call) -> Answer:
        return Answer(data=bytes([ADDRESS]) if self._chip else b"")

    def _read(self, call: Call) -> Answer:
        if self._chip is None or call.a != ADDRESS:
            return Answer(-errno.ENODEV)
        return Answer(data=self._chip.read(call.b >> 16, call.b & 0xFFFF))

    def _write(self, call: Call) -> Answer:
        if self._chip is None or call.a != ADDRESS:
            return Answer(-errno.ENODEV)
        self._chip.write(call.b, call.data)
        return DONE
