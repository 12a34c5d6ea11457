"""The serial line: a pseudo-terminal under a name that stays the same when it is unplugged and plugged in again."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import termios
import time
from pathlib import Path

_RATES = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()}
_LOOK_AGAIN_S = 0.005
NOISE = 0x80  # what a receiver makes of a start bit at the wrong rate, near enough


class Unplugged(Exception):
    """The other end is gone."""


class Line:
    """`name` is a link to whatever `/dev/pts/N` the line has while it is plugged in.

    `sessions` counts how often a host has opened it.
    """

    def __init__(self, name: Path, paced: bool) -> None:
        self.name = name
        self.sessions = 0
        self._paced = paced
        self._free_at = 0.0
        self._wake_read, self._wake_write = os.pipe()
        self._master = -1
        self._open = False
        self.plug()

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    def plug(self) -> None:
        """Put the cable in."""
        master, slave = pty.openpty()
        name = os.ttyname(slave)
        # Nobody else may hold the slave: its closing is the only sign that the host has left.
        os.close(slave)
        self._open = False
        self._master = master
        self.name.unlink(missing_ok=True)
        self.name.symlink_to(name)

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open gets an I/O error, and its name is gone."""
        if self.plugged:
            self.name.unlink(missing_ok=True)
            master, self._master = self._master, -1
            os.close(master)
            self.wake()

    def wake(self) -> None:
        """Let a `read` that waits return at once."""
        os.write(self._wake_write, b"!")

    def close(self) -> None:
        self.unplug()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def host_baud(self) -> int:
        """The rate the host has set its end to."""
        with contextlib.suppress(OSError, termios.error):
            return _RATES.get(termios.tcgetattr(self._master)[5], 0)
        return 0

    def read(self, timeout: float) -> bytes:
        """What has come; empty after `timeout` or a `wake`."""
        if not self._opened():
            timeout = min(timeout, _LOOK_AGAIN_S)
        watched = [*([self._master] if self._open else []), self._wake_read]
        ready, _, _ = select.select(watched, [], [], timeout)
        if self._wake_read in ready:
            os.read(self._wake_read, 64)
        if self._master not in ready:
            return b""
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return b""  # closed by the host, or unplugged: the next turn tells
        self._pace(len(data))
        return data

    def write(self, data: bytes) -> None:
        """Send `data`, as slowly as the line is when it is paced. With nobody at the other end it is lost."""
        if not self._opened():
            return
        self._pace(len(data))
        left = memoryview(data)
        while left:
            try:
                _, ready, _ = select.select([], [self._master], [], 1.0)
                if not ready:
                    return  # nobody reads: a UART would lose it too
                left = left[os.write(self._master, left) :]
            except (OSError, ValueError):
                raise Unplugged from None

    def _opened(self) -> bool:
        """Whether a host has it open and has switched echo off, without which it would hear itself."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        events = dict(poll.poll(0)).get(self._master, 0)
        hung_up = bool(events & select.POLLHUP) and not events & select.POLLIN
        if hung_up or (not self._open and not self._raw()):
            self._open = False
        elif not self._open:
            self._open = True
            self.sessions += 1
        return self._open

    def _raw(self) -> bool:
        try:
            return not termios.tcgetattr(self._master)[3] & termios.ECHO
        except termios.error:
            return False

    def _pace(self, count: int) -> None:
        if not self._paced:
            return
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + count * 10 / (self.host_baud() or 115200)
        # Sleeping less than a scheduler's slice would only make it slower than the line is.
        if self._free_at - now > 0.002:
            time.sleep(self._free_at - now)
