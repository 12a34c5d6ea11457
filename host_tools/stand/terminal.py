"""A terminal on the bench: the image that `cheyou build` writes to a board, and an identity in its NVS."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from host_tools import boards
from host_tools.boards import Board
from host_tools.build import build_image
from provisioning.identity import Identity
from provisioning.nvs_image import nvs_image
from simulator.board import HEAP, BenchBoard

BOARD = "esp32-devkit-4mb"


@cache
def image(board: Board) -> bytes:
    """The flash image of a board, built once a process."""
    return bytes(build_image(board).data)


def on_bench(
    workdir: Path, terminal: str, key: bytes, mqtt_port: int, http_port: int, *, host: str = "127.0.0.1", epoch: int = 0,
    heap: str = HEAP, mac: int = 1, flash: bytes | None = None, board_name: str = BOARD, **options: Any,
) -> BenchBoard:  # fmt: skip
    """A provisioned terminal, switched off. `epoch` is the last one its journal has used; `flash` is for another image than
    that of `cheyou build`; `options` are `BenchBoard`'s."""
    board = boards.load(board_name)
    address = b"\x24\x0a\xc4" + mac.to_bytes(3, "big")
    bench = BenchBoard(flash or image(board), board, workdir, heap=heap, mac=address, seed=mac, **options)
    identity = Identity(terminal, f"mqtt://{host}:{mqtt_port}", f"http://{host}:{http_port}", "bench", key=key, epoch=epoch)
    bench.write_partition("nvs", nvs_image(identity, board.partition("nvs").size))
    return bench
