"""`cheyou monitor`: what a board prints, as it prints it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
import serial

from host_tools.errors import CheYouError
from host_tools.flash import ports

_RATE = 115_200


@click.command()
@click.option("--port", "device", metavar="PORT", help="The board's port; needed when several are plugged in.")
@click.option("--log", type=click.Path(path_type=Path, dir_okay=False), help="Also append it to this file.")
@click.option("--seconds", type=float, help="Stop after so long [Ctrl-C].")
def command(device: str | None, log: Path | None, seconds: float | None) -> None:
    """Show what a board prints, each line with its time, without disturbing it. Waits for a board that is unplugged."""
    port = ports.chosen(device)
    end = None if seconds is None else time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(log.open("a", encoding="utf-8")) if log else None

        def show(line: str) -> None:
            stamped = f"{datetime.now().astimezone():%H:%M:%S.%f}"[:-3] + f" {line}"
            click.echo(stamped)
            if file:
                file.write(stamped + "\n")
                file.flush()

        with contextlib.suppress(KeyboardInterrupt):
            first = True
            while end is None or time.monotonic() < end:
                if not _follow(port, show, end, first):
                    first = False
                    time.sleep(0.3)


def _follow(port: ports.Port, show: Callable[[str], None], end: float | None, first: bool) -> bool:
    """Show lines until `end` or until the board is gone; False when it is."""
    try:
        line_port = ports.opened(port.device, _RATE)
    except CheYouError:
        if first:
            raise
        return False
    partial = b""
    try:
        line_port.timeout = 0.2
        while end is None or time.monotonic() < end:
            data = line_port.read(1) + line_port.read(line_port.in_waiting)
            *lines, partial = (partial + data).split(b"\n")
            for line in lines:
                show(line.decode("utf-8", "replace").rstrip("\r"))
    except (serial.SerialException, OSError):
        show("-- unplugged --")
        return False
    finally:
        if partial:
            show(partial.decode("utf-8", "replace"))
        line_port.close()
    return True
