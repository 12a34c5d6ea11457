"""Progress of long steps on stderr: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

LINE_EVERY_S = 5.0


@contextmanager
def progress(label: str, total: float) -> Iterator[Callable[[float], None]]:
    """Yield a function that takes how much of `total` has been done since its last call.

    Off a terminal there is one line at the start, one every five seconds, and one at the end, so that a log stays short.
    """
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(label, total=total)
            yield lambda amount: bar.advance(task, amount)
        return

    done = 0.0
    spoken = time.monotonic()

    def advance(amount: float) -> None:
        nonlocal done, spoken
        done += amount
        now = time.monotonic()
        if now - spoken >= LINE_EVERY_S:
            spoken = now
            print(f"{label}: {done / total:.0%}", file=sys.stderr, flush=True)

    print(f"{label} …", file=sys.stderr, flush=True)
    yield advance
    print(f"{label}: done", file=sys.stderr, flush=True)
