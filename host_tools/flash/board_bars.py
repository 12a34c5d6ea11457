"""Progress of many boards: a bar each on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from host_tools.flash.job import Outcome
from host_tools.flash.ports import Port


class BoardBars:
    """A `crew.Watcher` on stderr. On a terminal use it as a context manager."""

    def __init__(self, drawn: bool | None = None) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if drawn if drawn is not None else sys.stderr.isatty():
            columns = (TextColumn("{task.fields[port]:<14}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
            self._bars = Progress(*columns, console=Console(stderr=True))

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._bars:
            self._bars.stop()

    def began(self, port: Port) -> None:
        if self._bars is None:
            return
        with self._lock:
            if port.device in self._tasks:
                self._bars.reset(self._tasks[port.device], description="connecting")
            else:
                self._tasks[port.device] = self._bars.add_task("connecting", total=1.0, port=port.short)

    def progress(self, port: Port, share: float, what: str) -> None:
        if self._bars is not None:
            self._bars.update(self._tasks[port.device], completed=share, description=what)
            return
        with self._lock:
            if self._said.get(port.device) == what:
                return
            self._said[port.device] = what
        click.echo(f"{port.short}: {what}", err=True)

    def ended(self, port: Port, outcome: Outcome) -> None:
        said = outcome.state if outcome.good else f"{outcome.message}; {outcome.next_step}"
        if self._bars is not None:
            colour = "green" if outcome.good else "red"
            self._bars.update(self._tasks[port.device], description=f"[{colour}]{said}")
        elif not outcome.good:
            click.echo(f"{port.short}: {said}", err=True)
