"""What a double runs when it is not in download mode."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


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
