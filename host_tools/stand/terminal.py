"""A terminal on the bench: the image that `cheyou build` writes to a board, and an identity in its NVS."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from host_tools import boards
from host_tools.boards import Board
from host_tools.build import build_image
from provisioning.identity import Identity
from provisioning.nvs_image import nvs_image
from simulator.board import BenchBoard

BOARD = "esp32-devkit-4mb"
HEAP = "400K"
"""MicroPython's heap on the bench; what the device is to get by with."""


@cache
def image(board: Board) -> bytes:
    """The flash image of a board, built once a process."""
    return bytes(build_image(board).data)


def on_bench(
    workdir: Path, terminal: str, key: bytes, mqtt_port: int, *, host: str = "127.0.0.1", http_port: int = 1, epoch: int = 0,
    heap: str = HEAP, fast: bool = False, flash: bytes | None = None, mac: int = 1,
) -> BenchBoard:  # fmt: skip
    """A provisioned terminal, switched off. `flash` replaces the image; `epoch` is the last one its journal has used."""
    board = boards.load(BOARD)
    bench = BenchBoard(
        flash or image(board), board, workdir, heap=heap, fast=fast, mac=b"\x24\x0a\xc4" + mac.to_bytes(3, "big"), seed=mac
    )
    identity = Identity(terminal, f"mqtt://{host}:{mqtt_port}", f"http://{host}:{http_port}", "bench", key=key, epoch=epoch)
    bench.write_partition("nvs", nvs_image(identity, board.partition("nvs").size))
    return bench
