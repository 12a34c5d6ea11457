"""What the fakes ask of the host, by number: the other half of fakes/_bench.py's `call`."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from simulator.ds3231 import ADDRESS, Ds3231
from simulator.firmware_process import Call
from simulator.flash import NorFlash, partitions
from simulator.nvs import I32, NO_PARTITION, Nvs, NvsError

BELL, BOOTED, RESET, WATCHDOG, HALTED, ERASE, PROGRAM = range(7)
I2C_SCAN, I2C_READ, I2C_WRITE, I2C_SEND = 10, 11, 12, 13
NVS_OPEN, NVS_SET_I32, NVS_GET, NVS_SET_BLOB, NVS_ERASE, NVS_COMMIT = range(20, 26)
SLEEP = 50


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
    """One bus: the clock chip where the board has one, and the port expander that carries its display, at the address
    `expander`; `display` takes the bytes its outputs show. Not imitated: the time a transfer takes."""

    def __init__(self, chip: Ds3231 | None, expander: int | None, display: Callable[[int], None]) -> None:
        self._chip = chip
        self._expander = expander
        self._display = display

    def handlers(self) -> dict[int, Handler]:
        return {I2C_SCAN: self._scan, I2C_READ: self._read, I2C_WRITE: self._write, I2C_SEND: self._send}

    def _scan(self, _call: Call) -> Answer:
        return Answer(data=bytes(([self._expander] if self._expander else []) + ([ADDRESS] if self._chip else [])))

    def _send(self, call: Call) -> Answer:
        if call.a != self._expander:
            return Answer(-errno.ENODEV)
        for outputs in call.data:
            self._display(outputs)
        return DONE

    def _read(self, call: Call) -> Answer:
        if self._chip is None or call.a != ADDRESS:
            return Answer(-errno.ENODEV)
        return Answer(data=self._chip.read(call.b >> 16, call.b & 0xFFFF))

    def _write(self, call: Call) -> Answer:
        if self._chip is None or call.a != ADDRESS:
            return Answer(-errno.ENODEV)
        self._chip.write(call.b, call.data)
        return DONE


class NvsCalls:
    """NVS, mounted anew at every start as the boot code does. `uncommitted` is set while a commit() is owed."""

    def __init__(self, flash: NorFlash, fast: bool) -> None:
        self._flash = flash
        self._fast = fast
        self._nvs: Nvs | None = None
        self.uncommitted = False

    def mount(self) -> None:
        self.uncommitted = False
        self._nvs = None
        for part in partitions(self._flash):
            if (part.type, part.subtype) == ("data", "nvs"):
                self._nvs = Nvs(self._flash, part.offset, part.size)

    def handlers(self) -> dict[int, Handler]:
        return dict.fromkeys(range(NVS_OPEN, NVS_COMMIT + 1), self._call)

    def _call(self, call: Call) -> Answer:
        if self._nvs is None:
            return Answer(-NO_PARTITION)
        self._nvs.seconds = 0.0
        try:
            status, data = self._carry_out(self._nvs, call)
        except NvsError as fault:
            return Answer(-fault.code)
        return Answer(status, data, 0.0 if self._fast else self._nvs.seconds)

    def _carry_out(self, nvs: Nvs, call: Call) -> tuple[int, bytes]:
        if call.operation == NVS_OPEN:
            return nvs.namespace(call.data.decode()), b""
        if call.operation == NVS_GET:
            get = nvs.get_i32 if call.b == I32 else nvs.get_blob
            return 0, get(call.a, call.data.decode())
        self.uncommitted = call.operation != NVS_COMMIT
        if call.operation == NVS_SET_I32:
            nvs.set_i32(call.a, call.data.decode(), call.b)
        elif call.operation == NVS_SET_BLOB:
            nvs.set_blob(call.a, call.data[: call.b].decode(), call.data[call.b :])
        elif call.operation == NVS_ERASE:
            nvs.erase_key(call.a, call.data.decode())
        return 0, b""
