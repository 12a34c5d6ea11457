"""esptool speaks through one logger for the whole process; here each board's thread hears only its own board.

A `ContextVar` is the address: `listening(…)` sets it for the calling thread, and the one logger that is installed looks there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from esp_pylib.logger import EspLog, EspLogBase

_KEEP_LINES = 200


@dataclass
class Ear:
    """What one board's esptool calls say: `progress(done, total)` of the transfer that runs, and the last lines."""

    progress: Callable[[int, int], None] | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_KEEP_LINES))


_ear: ContextVar[Ear | None] = ContextVar("esptool_ear", default=None)


def install() -> None:
    """Make this module's logger esptool's. Has to come before esptool is imported for the first time."""
    if not isinstance(EspLog.instance, _Switchboard):
        EspLog.instance = _Switchboard()


@contextmanager
def listening(ear: Ear) -> Iterator[None]:
    """Let what esptool says in this thread go to `ear` and nowhere else."""
    install()
    token = _ear.set(ear)
    try:
        yield
    finally:
        _ear.reset(token)


class _Switchboard(EspLogBase):
    """The installed logger: everything goes to the ear of the thread it came from."""

    def _say(self, *words: Any) -> None:
        ear = _ear.get()
        text = " ".join(str(word) for word in words).strip()
        if ear is not None and text:
            ear.lines.append(text)

    def print(self, *args: Any, **_kwargs: Any) -> None:
        self._say(*args)

    def err(self, *args: Any, suggestion: str | None = None) -> None:
        self._say("error:", *args)

    def warn(self, *args: Any, suggestion: str | None = None) -> None:
        self._say("warning:", *args)

    def note(self, *args: Any) -> None:
        self._say("note:", *args)

    # Older names that parts of esptool still call.
    warning = warn
    error = err

    def hint(self, *args: Any) -> None:
        self._say(*args)

    def debug(self, *args: Any) -> None: ...

    def set_verbosity(self, mode: int | str) -> None: ...

    def progress_bar(self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = 30) -> None:
        ear = _ear.get()
        if ear is not None and ear.progress is not None:
            ear.progress(cur_iter, total_iters)
