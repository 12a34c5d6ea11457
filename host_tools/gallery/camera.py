"""Runs `on_device.py` on a bench board and keeps what the glass shows whenever its green LED goes on."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import littlefs

from host_tools import app_image
from host_tools.app_image import BLOCK
from host_tools.boards import Board
from host_tools.build import build_image
from host_tools.errors import CheYouError
from host_tools.gallery.shots import Shot
from simulator.board import BenchBoard
from simulator.dots import DotMatrix, dots
from simulator.events import Event

_PROGRAM = Path(__file__).with_name("on_device.py")
_HEAP = "400K"
_SCREEN_S = 1.0  # a 16x2 glass with all glyphs new takes 0.15 s


def photograph(board: Board, shots: list[Shot]) -> list[DotMatrix]:
    """What the glass of `board` shows for each of the `shots`, with the firmware as it is now. Takes no real time."""
    with (
        TemporaryDirectory(prefix="cheyou-gallery-") as folder,
        BenchBoard(_image(board, shots), board, Path(folder), heap=_HEAP, fast=True, virtual=True) as bench,
    ):
        taken: list[DotMatrix] = []

        def look(event: Event) -> None:
            # Called on the board's own thread before its next pin moves, so the display's memory holds still.
            if event.get("led", {}).get("green"):
                taken.append(dots(bench.display))

        bench.events.watch(look)
        bench.power_on()
        if not bench.run(5 + _SCREEN_S * len(shots), lambda: len(taken) == len(shots)):
            said = bench.log.read_text(errors="replace").splitlines()[-1:]
            raise CheYouError(f"only {len(taken)} of {len(shots)} screens of {board.name} came: {said}", "mend the firmware")
    return taken


def _image(board: Board, shots: list[Shot]) -> bytes:
    """The board's image with the gallery in place of the terminal."""
    image = build_image(board).data
    place = board.partition("vfs")
    system = littlefs.LittleFS(block_size=BLOCK, block_count=place.size // BLOCK, mount=False)
    system.context.buffer = bytearray(app_image.build(board, {"gallery": _PROGRAM.read_text(encoding="utf-8")}).data)
    system.mount()
    with system.open("gallery.json", "wb") as file:
        file.write(json.dumps(shots).encode())
    return bytes(image[: place.offset]) + bytes(system.context.buffer) + bytes(image[place.end :])
