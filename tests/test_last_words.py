"""Whatever is damaged in the file system, as long as it mounts: the cashier gets words, and the raw journal stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from littlefs import LittleFS

from host_tools import app_image, boards
from host_tools.build import build_image
from host_tools.stand.terminal import BOARD
from simulator.board import HEAP, BenchBoard


def damaged(image: bytes, board: boards.Board, path: str, content: bytes) -> bytes:
    """The flash image with other content in one file of its file system."""
    vfs = board.partition("vfs")
    system = LittleFS(
        block_size=app_image.BLOCK, block_count=vfs.size // app_image.BLOCK, read_size=app_image.READ_SIZE,
        prog_size=app_image.READ_SIZE, cache_size=app_image.CACHE_SIZE, lookahead_size=app_image.LOOKAHEAD, mount=False,
    )  # fmt: skip
    system.context.buffer[:] = image[vfs.offset : vfs.offset + vfs.size]
    system.mount()
    with system.open(path, "rb") as file:
        assert file.read(1), f"there is no {path}"
    with system.open(path, "wb") as file:
        file.write(content)
    return image[: vfs.offset] + bytes(system.context.buffer) + image[vfs.offset + vfs.size :]


HALF = b"M\x06\x00\x1f" + bytes(4000)  # begins like code
CASES = [
    *((BOARD, path, content) for path in ("a/resident.mpy", "a/firmware_main.mpy", "a/texts") for content in (HALF, b"")),
    (BOARD, "a/firmware_start.mpy", b""),
    *((name, "a/resident.mpy", HALF) for name in boards.names() if name != BOARD),
]


@pytest.mark.parametrize(("name", "path", "content"), CASES)
def test_there_are_words(name: str, path: str, content: bytes, tmp_path: Path) -> None:
    board = boards.load(name)
    image = damaged(bytes(build_image(board).data), board, path, content)
    journal = board.partition("journal")
    with BenchBoard(image, board, tmp_path, heap=HEAP, virtual=True, fast=True) as bench:
        bench.power_on()
        shown = bench.wait_lcd("Call technician", 90)
        assert shown[0].strip() == "SAFE MODE"
        bench.run(30)
        assert bench.lcd == shown, "it stays"
        assert bench.partition("journal") == image[journal.offset : journal.offset + journal.size]
