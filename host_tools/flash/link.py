"""One board's boot loader, through esptool as a library: who it is, and reading, writing and erasing its flash.

esptool is GPL-2.0-or-later: docs/dependencies.md says what that means for this project. Facts used here were read in esptool
5.6; what it prints is collected by `esptool_log` and shown only when something goes wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import termios
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import serial
from esptool import cmds
from esptool.util import FatalError

from host_tools.errors import CheYouError
from host_tools.flash import ports
from host_tools.flash.esptool_log import Ear, listening
from host_tools.flash.ports import Port

ROM_RATE = 115_200
_PROBE_AT, _PROBE_BYTES = 0x8000, 0x1000  # the partition table's sector: short, and wanted anyway
Progress = Callable[[int, int], None]


class LinkFault(CheYouError):
    """The board's loader could not be used; the board is as it was or can be gone on with."""


class LinkLost(LinkFault):
    """The port is gone: unplugged, most likely."""


class LinkNoisy(LinkFault):
    """Bytes arrive wrong or not at all: a lower rate may help."""


class NotAnswering(LinkFault):
    """No boot loader answers on this port."""


class Link:
    """A connected board, its stub running at `rate`. Not thread-safe; each board has a thread of its own.

    `table` is the sector at 0x8000 as it was found. Closing leaves the board in its loader: `run` starts it.
    """

    def __init__(self, port: Port, rate: int) -> None:
        self.port = port
        self.rate = rate
        self._ear = Ear()
        self._serial = ports.opened(port.device)
        try:
            with self._faults("connect"):
                self._connect(rate)
        except BaseException:
            self._serial.close()
            raise

    @classmethod
    def open(cls, port: Port, rates: Sequence[int]) -> Link:
        """Connect at the first of `rates` that works."""
        for rate in rates[:-1]:
            with contextlib.suppress(LinkNoisy):
                return cls(port, rate)
        return cls(port, rates[-1])

    def _connect(self, rate: int) -> None:
        try:
            rom = cmds.detect_chip(self._serial, ROM_RATE)
        except FatalError as error:
            if "connect" not in str(error).lower():
                raise
            raise NotAnswering(
                f"no ESP32 answers on {self.port.device}",
                "hold the board's BOOT key while pressing EN, check that the cable carries data, and run the same command again",
            ) from None
        self.chip = rom.CHIP_NAME.lower().replace("-", "")
        self.mac = ":".join(f"{byte:02x}" for byte in rom.read_mac())
        self._esp: Any = cmds.run_stub(rom)
        # Its own retry waits seconds for the port to come back; the bench goes on with the board when it does.
        self._esp.WRITE_FLASH_ATTEMPTS = 1
        if rate != ROM_RATE:
            self._esp.change_baud(rate)
        cmds.attach_flash(self._esp)
        size = cmds.detect_flash_size(self._esp)
        if size is None:
            raise FatalError("the flash chip does not say its size")
        self.flash_bytes = int(size.removesuffix("MB")) << 20
        self.table: bytes = self._esp.read_flash(_PROBE_AT, _PROBE_BYTES)

    def md5(self, offset: int, size: int) -> str:
        """The MD5 of flash, computed on the board, as 32 hex digits."""
        with self._faults("compare"):
            digest: str = self._esp.flash_md5sum(offset, size)
            return digest

    def holds(self, offset: int, data: bytes | bytearray) -> bool:
        """Whether `data` is in flash at `offset`."""
        return self.md5(offset, len(data)) == hashlib.md5(data, usedforsecurity=False).hexdigest()

    def read(self, offset: int, size: int, progress: Progress | None = None) -> bytes:
        """Flash contents; what arrives is checked against an MD5 made on the board."""
        with self._faults("read"):
            data: bytes = self._esp.read_flash(offset, size, (lambda done, of, _at: progress(done, of)) if progress else None)
            return data

    def write(self, offset: int, data: bytes, progress: Progress | None = None) -> None:
        """Erase and write whole sectors, compressed, and verify by MD5. `progress` counts bytes of `data`."""
        size = len(data)
        self._ear.progress = (lambda done, total: progress(size * done // max(total, 1), size)) if progress else None
        try:
            with self._faults("write"):
                cmds.write_flash(self._esp, [(offset, data)], compress=True)
        finally:
            self._ear.progress = None

    def erase(self, offset: int, size: int) -> None:
        """Erase whole sectors."""
        with self._faults("erase"):
            cmds.erase_region(self._esp, offset, size)

    def run(self) -> None:
        """Reset the board into what is in its flash, and let go of the port."""
        try:
            with self._faults("restart"):
                if self._has_control_lines():
                    self._esp.hard_reset()
                else:
                    # No RTS to pull EN with (socket://, pseudo-terminals): the stub resets the chip itself. The next reset
                    # by hand then starts as the BOOT key says, as always.
                    self._esp.run(reboot=True)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the port. Harmless when done twice."""
        with contextlib.suppress(OSError, termios.error, serial.SerialException):
            self._serial.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def transcript(self) -> list[str]:
        """The last lines esptool said."""
        return list(self._ear.lines)

    def _has_control_lines(self) -> bool:
        if "://" in self.port.device:
            return self.port.device.startswith("rfc2217:")
        try:
            # Every real port has it; a pseudo-terminal raises ENOTTY.
            _ = self._serial.cts
        except OSError:
            return False
        return True

    @contextlib.contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        """Turn what esptool, pyserial and the system raise into a `LinkFault`."""
        try:
            with listening(self._ear):
                yield
        except (serial.SerialException, OSError, termios.error) as error:
            raise self._lost(doing) from error
        except (FatalError, struct.error, UnicodeDecodeError) as error:
            if "://" not in self.port.device and not os.path.exists(self.port.device):  # noqa: PTH110 - COM3 is no path
                raise self._lost(doing) from error
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise LinkNoisy(
                f"could not {doing} at {self.rate} baud on {self.port.device} ({reason})",
                "use a shorter cable or another adapter and run the same command again: it goes on where it stopped",
            ) from error

    def _lost(self, doing: str) -> LinkLost:
        return LinkLost(
            f"the board on {self.port.device} was unplugged (during: {doing})",
            "plug it in again and run the same command: it goes on where it stopped",
        )
