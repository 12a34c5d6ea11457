"""`cheyou simulate`: the firmware on a bench ESP32, in a text terminal or as JSON lines."""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from host_tools import boards
from host_tools.build import build_image
from host_tools.errors import CheYouError

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--board", "board_name", default="esp32-devkit-4mb", metavar="BOARD", help="A name from `cheyou boards`.")
@click.option("--image", type=_FILE, help="A flash image to write first [what `cheyou build` makes].")
@click.option("--nvs", type=_FILE, help="An NVS partition image to write first: an identity.")
@click.option("--state", type=_FILE, help="Keep the flash in this file, and go on from it where it exists.")
@click.option("--headless", is_flag=True, help="JSON lines on stdin and stdout; docs/simulator.md lists them.")
@click.option("--fast", is_flag=True, help="Let flash operations take no time.")
@click.option("--heap", metavar="SIZE", help="MicroPython's heap [the board's, 96K].")
@click.option("--bits", type=click.Choice(["32", "64"]), default="32", show_default=True, help="MicroPython's word size.")
@click.option("--trace", is_flag=True, help="Copy what the firmware prints to stderr.")
def command(
    board_name: str, image: Path | None, nvs: Path | None, state: Path | None, headless: bool, fast: bool, heap: str | None,
    bits: str, trace: bool,
) -> None:  # fmt: skip
    """Run the firmware on a simulated board."""
    # Here and not above: `cheyou --help` need not load the simulator.
    from simulator.board import HEAP, BenchBoard
    from simulator.headless import Headless
    from simulator.text_terminal import TextTerminal

    board = boards.load(board_name)
    if state is not None and state.exists():
        if image is not None:
            raise CheYouError(f"{state} already holds a board's flash", "leave --image out, or name another --state")
        if state.stat().st_size != board.flash_bytes:
            raise CheYouError(f"{state} is no flash of {board.name}", "name another --state or the right --board")
        flash = None
    else:
        flash = _flash(board, image)
    heap = heap or HEAP
    if re.fullmatch(r"\d+[KM]?", heap) is None:
        raise CheYouError(f"--heap {heap} is no size", "write it as 96K")
    with (
        tempfile.TemporaryDirectory(prefix="cheyou-simulate-") as folder,
        BenchBoard(flash, board, Path(folder), fast=fast, bits=int(bits), heap=heap, flash_file=state) as bench,
    ):
        if nvs is not None:
            bench.write_partition("nvs", _nvs(nvs, board))
        with _copied(bench.log) if trace else contextlib.nullcontext():
            if headless:
                front = Headless(bench, sys.stdout)
                bench.power_on()
                front.run(sys.stdin)
            else:
                terminal = TextTerminal(bench)
                bench.power_on()
                terminal.run()


def _flash(board: boards.Board, image: Path | None) -> bytes | bytearray:
    if image is None:
        return build_image(board).data
    try:
        data = image.read_bytes()
    except OSError as fault:
        raise CheYouError(f"{image} cannot be read: {fault.strerror}", "run `cheyou build` or name another --image") from None
    if len(data) > board.flash_bytes:
        raise CheYouError(f"{image} is larger than the flash of {board.name}", "name another --image or the right --board")
    return data


def _nvs(file: Path, board: boards.Board) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as fault:
        raise CheYouError(f"{file} cannot be read: {fault.strerror}", "name the NVS image that provisioning made") from None
    if len(data) != board.partition("nvs").size:
        raise CheYouError(f"{file} is no NVS image of {board.name}", "name the NVS image that provisioning made")
    return data


@contextlib.contextmanager
def _copied(log: Path) -> Iterator[None]:
    """Copy what is written to `log` to stderr, the last of it on leaving."""
    over = threading.Event()

    def copy() -> None:
        with log.open("rb") as lines:
            more = True
            while more:
                more = not over.wait(0.1)
                sys.stderr.buffer.write(lines.read())
                sys.stderr.flush()

    copying = threading.Thread(target=copy)
    copying.start()
    try:
        yield
    finally:
        over.set()
        copying.join()
