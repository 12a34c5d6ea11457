"""One run of the firmware, from reset to its end: a MicroPython process and the socket to its fakes."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from host_tools import toolchain
from simulator.flash import NorFlash

_CALL = struct.Struct("<BBHii")
_ANSWER = struct.Struct("<ii")


class Call(NamedTuple):
    """What a fake asks: see the `call` numbers in calls.py."""

    operation: int
    a: int
    b: int
    data: bytes


class FirmwareProcess:
    """Starts at once. Its standard output and errors go to the end of `log`.

    A subclass may connect them otherwise (`_spawn`), and let a module of its own take over once the fakes are there (`INSTEAD`:
    its folder and name).
    """

    INSTEAD: tuple[str, ...] = ()

    def __init__(self, fakes: Path, page_fd: int, flash: NorFlash, log: Path, heap: str, bits: int) -> None:
        self.socket, theirs = socket.socketpair()
        # Flash is written 4 KiB at a time and the firmware waits for the answer: nothing ever piles up here.
        self.socket.setblocking(False)
        self._received = bytearray()
        fds = (theirs.fileno(), page_fd, flash.fileno)
        arguments = [*map(str, fds), str(flash.size), *self.INSTEAD]
        command = [str(toolchain.micropython(bits)), "-X", f"heapsize={heap}", "-m", "start", *arguments]
        # Started where the fakes are: their path would stay on the heap, and take more of it the longer it is.
        environment = {"MICROPYPATH": ":.frozen", "TZ": "UTC", "PATH": os.environ.get("PATH", ""), "HOME": "/"}
        with theirs:
            self._process = self._spawn(command, {"pass_fds": fds, "env": environment, "cwd": fakes}, log)
        self.pid = self._process.pid

    def _spawn(self, command: list[str], options: dict[str, Any], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)

    def receive(self) -> list[Call] | None:
        """The calls that came in; None when the process has ended."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self._received += data
        calls = []
        while len(self._received) >= _CALL.size:
            operation, _, length, a, b = _CALL.unpack_from(self._received)
            end = _CALL.size + length
            if len(self._received) < end:
                break
            calls.append(Call(operation, a, b, bytes(self._received[_CALL.size : end])))
            del self._received[:end]
        return calls

    def answer(self, status: int, data: bytes = b"") -> None:
        """Let the firmware go on. A process that has just been killed does not hear it."""
        try:
            self.socket.sendall(_ANSWER.pack(status, len(data)) + data)
        except OSError:
            return

    def kill(self) -> None:
        """SIGKILL, as a power cut: no finaliser runs, nothing is flushed."""
        self._process.kill()
        self._end()

    def wait(self) -> int:
        """The exit status of a process whose socket has closed; a signal's number is negative."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._end()
        return status

    def _end(self) -> None:
        self._process.wait()
        self.socket.close()


def last_line(log: Path) -> str:
    """What the firmware said last, which is the exception when it died of one."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
