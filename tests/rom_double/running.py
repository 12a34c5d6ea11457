"""What a double runs when it is not in download mode."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
from pathlib import Path
from typing import Protocol

from host_tools import toolchain


class Running(Protocol):
    """Something with a console. Called from the double's own thread only, but for `stop` at the end."""

    @property
    def descriptor(self) -> int | None:
        """A file descriptor that can be read when there is output; None when there is none to wait for."""

    def start(self, flash: Path) -> None:
        """Come out of reset with this flash."""

    def output(self) -> bytes:
        """What it has printed; may be empty."""

    def input(self, data: bytes) -> None:
        """Bytes from the host."""

    def stop(self) -> None:
        """Be reset, or lose power. May be called twice."""


class Silent:
    """A blank board: nothing to run, nothing to say."""

    descriptor = None

    def start(self, flash: Path) -> None: ...

    def output(self) -> bytes:
        return b""

    def input(self, data: bytes) -> None: ...

    def stop(self) -> None: ...


class MicroPythonConsole:
    """A MicroPython process behind the console: Ctrl-C is a signal to it, everything else goes to its stdin.

    `command` starts it. It prints something first of all (a board's ROM does), once it takes signals; until then input waits.
    """

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._early = b""
        self._spoke = False

    @property
    def descriptor(self) -> int | None:
        return self._process.stdout.fileno() if self._process and self._process.stdout else None

    def start(self, flash: Path) -> None:
        self._spoke = False
        self._early = b""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            bufsize=0,
        )

    def output(self) -> bytes:
        if self._process is None or self._process.stdout is None:
            return b""
        if not select.select([self._process.stdout], [], [], 0)[0]:
            return b""
        said = os.read(self._process.stdout.fileno(), 65536)
        if not said:
            self.stop()
        elif not self._spoke:
            self._spoke = True
            early, self._early = self._early, b""
            self.input(early)
        return _as_uart(said)

    def input(self, data: bytes) -> None:
        if not self._spoke:
            self._early += data
            return
        if self._process is None or self._process.stdin is None:
            return
        for number, part in enumerate(data.split(b"\x03")):
            if number:
                self._process.send_signal(signal.SIGINT)
            if part:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.write(part)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None


def plain_micropython() -> MicroPythonConsole:
    """What a board with stock MicroPython and no main.py runs."""
    here = Path(__file__).with_name("on_device")
    return MicroPythonConsole(
        [str(toolchain.micropython(32)), "-X", "heapsize=128K", "-m", "plain"], {"MICROPYPATH": f"{here}:.frozen", "HOME": "/"}
    )


def _as_uart(data: bytes) -> bytes:
    """Line ends as a board sends them: the unix port prints bare newlines."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", data)
