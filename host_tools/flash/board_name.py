"""Which board an application was built for: its name stands in the module `board` of the live slot.

Boards may share a partition table, so that tells less. The file system is read block by block as it is needed: through a
serial line all of it would take ten seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import littlefs
from littlefs.context import UserContext

from host_tools import boards
from host_tools.app_image import BLOCK
from host_tools.boards import Board

# (offset in the partition, size) -> bytes
Read = Callable[[int, int], bytes]


def board_in(read: Read, size: int) -> Board | None:
    """The board that the application in a `vfs` partition of `size` bytes is for; None when there is none that we know."""
    system = littlefs.LittleFS(
        context=_Blocks(read), block_size=BLOCK, block_count=size // BLOCK, mount=False, read_size=32, prog_size=32,
        cache_size=128, lookahead_size=32,
    )  # fmt: skip
    try:
        system.mount()
        slot = "b" if _content(system, "slot")[:1] == b"b" else "a"
        module = _content(system, f"{slot}/board.mpy")
    except littlefs.LittleFSError:
        return None
    named = [name for name in boards.names() if name.encode() in module]
    return boards.load(max(named, key=len)) if named else None


def _content(system: littlefs.LittleFS, path: str) -> bytes:
    try:
        with system.open(path, "rb") as file:
            return bytes(file.read())
    except (FileNotFoundError, littlefs.LittleFSError):
        return b""


class _Blocks(UserContext):
    """Blocks that are fetched once, when littlefs first looks at them. Nothing is ever written."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._held: dict[int, bytes] = {}

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        if block not in self._held:
            self._held[block] = self._read(block * BLOCK, BLOCK)
        return bytearray(self._held[block][off : off + size])

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        return -30  # EROFS

    def erase(self, cfg: Any, block: int) -> int:
        return -30

    def sync(self, cfg: Any) -> int:
        return 0
