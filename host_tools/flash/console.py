"""A running board's console: MicroPython's raw REPL, through mpremote.

mpremote says that its API will change: only this module knows it (read in 1.29). Anything that can go wrong is a `CheYouError`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from host_tools.errors import CheYouError
from host_tools.flash import ports
from host_tools.flash.ports import Port

_RATE = 115_200
_BANNER = b"raw REPL; CTRL-B to exit\r\n"
_ENTER_S = 12.0  # a board that has just been reset takes seconds until it hears anything
_QUIET_S = 0.05


class ConsoleLost(CheYouError):
    """The board does not answer on its console, or is gone."""


class RemoteError(CheYouError):
    """The board raised an exception; `message` ends with it."""


class _Transport(SerialTransport):
    """mpremote's transport on a port that is open already."""

    def __init__(self, device: str, line: serial.Serial) -> None:
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = device
        self.mounted = False
        self.serial = line
        self.is_pty = self._is_pty_device(device)


class Console:
    """The prompt of the board on a port. Interrupts what runs; `restart` lets it run again."""

    def __init__(self, port: Port) -> None:
        self.port = port
        # mpremote opens ports itself and only says that it failed, so it is given one that is open.
        line = ports.opened(port.device, _RATE)
        line.timeout = 5
        line.inter_byte_timeout = 1
        self._transport = _Transport(port.device, line)
        try:
            with self._faults("interrupt"):
                self._enter()
        except BaseException:
            self.close()
            raise

    def fresh(self) -> None:
        """Soft reset: empty memory, boot.py has run, main.py has not."""
        with self._faults("reset"):
            self._transport.serial.write(b"\x04")
            self._expect(b"soft reboot\r\n", 10)
            self._expect(_BANNER, 20)

    def run(self, code: str, timeout: float = 20.0) -> str:
        """Run statements and return what they printed."""
        said: list[str] = []
        self.follow(code, said.append, timeout)
        return "\n".join(said)

    def follow(self, code: str, hear: Callable[[str], None], timeout: float) -> None:
        """Run statements; `hear` gets each line as it is printed. `timeout` is the longest silence, in seconds."""
        line = bytearray()

        def take(byte: bytes) -> None:
            if byte == b"\n":
                hear(line.decode("utf-8", "replace").rstrip("\r"))
                line.clear()
            elif byte != b"\x04":
                line.extend(byte)

        with self._faults("run"):
            self._transport.exec_raw_no_follow(code)
            _, error = self._transport.follow(timeout, take)
        if line:
            hear(line.decode("utf-8", "replace"))
        if error:
            last = error.decode("utf-8", "replace").strip().splitlines()[-1]
            raise RemoteError(
                f"the board on {self.port.device} reported {last}", "update it with `cheyou flash` and run the same command again"
            )

    def restart(self) -> None:
        """Reset the board into what is in its flash, and let go of the port."""
        with contextlib.suppress(CheYouError), self._faults("restart"):
            # Not at once: the acknowledgement has to be on its way first, or mpremote waits ten seconds for it. The count of
            # starts that came to nothing is cleared: being interrupted by a technician is no failure of the terminal.
            self._transport.exec_raw_no_follow(
                "import machine, time; machine.RTC().memory(b''); time.sleep_ms(100); machine.reset()"
            )
        self.close()

    def close(self) -> None:
        """Let go of the port; the board stays at its prompt."""
        with contextlib.suppress(OSError, serial.SerialException, AttributeError):
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _enter(self) -> None:
        """Ctrl-C and Ctrl-A until it answers: while it starts, it hears neither."""
        line = self._transport.serial
        end = time.monotonic() + _ENTER_S
        while time.monotonic() < end:
            line.write(b"\r\x03\x03")
            time.sleep(_QUIET_S)
            line.reset_input_buffer()
            line.write(b"\r\x01")
            # With the prompt, or what mpremote reads next would find one from before.
            if self._transport.read_until(1, _BANNER + b">", timeout=0.5).endswith(_BANNER + b">"):
                line.write(b"\r\x01")
                self._expect(_BANNER, 2)
                return
        raise TransportError("no prompt")

    def _expect(self, ending: bytes, timeout: float) -> None:
        data = self._transport.read_until(1, ending, timeout=timeout)
        if not data.endswith(ending):
            raise TransportError(f"no {ending!r}")

    @contextlib.contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (TransportError, OSError, serial.SerialException) as error:
            raise ConsoleLost(
                f"the board on {self.port.device} does not answer on its console (during: {doing})",
                "press EN, wait five seconds and run the same command again; a blank board needs `cheyou flash` first",
            ) from error
