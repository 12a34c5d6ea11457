"""What a double runs when it is not in download mode."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import threading
from pathlib import Path
from typing import Protocol

from host_tools import toolchain


class Running(Protocol):
    """Something with a console. Called from the double's own thread only, but for `stop` at the end."""

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

    def start(self, flash: Path) -> None: ...

    def output(self) -> bytes:
        return b""

    def input(self, data: bytes) -> None: ...

    def stop(self) -> None: ...


class MicroPythonConsole:
    """A MicroPython process whose standard input and output are the console; on_device/repl.py is the REPL in it.

    What it prints goes to a log as well, where one is given. `connect` may be called from another thread, when the board
    resets itself.
    """

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self._command = command
        self._environment = environment
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None

    def start(self, flash: Path) -> None:
        self.connect(
            subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self._environment,
                bufsize=0,
            )
        )  # fmt: skip

    def connect(self, process: subprocess.Popen[bytes], log: Path | None = None) -> None:
        """Talk to this process from now on."""
        with self._lock:
            MicroPythonConsole.stop(self)
            self._process, self._log = process, log

    def output(self) -> bytes:
        with self._lock:
            if self._process is None or self._process.stdout is None:
                return b""
            if not select.select([self._process.stdout], [], [], 0)[0]:
                return b""
            said = os.read(self._process.stdout.fileno(), 65536)
            if not said:
                MicroPythonConsole.stop(self)
            if said and self._log is not None:
                with self._log.open("ab") as log:
                    log.write(said)
            return re.sub(rb"(?<!\r)\n", b"\r\n", said)  # the unix port prints bare newlines, a board does not

    def input(self, data: bytes) -> None:
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.write(data)

    def stop(self) -> None:
        with self._lock:
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
