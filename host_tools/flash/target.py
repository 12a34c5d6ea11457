"""What a board is to hold: the parts of a flash image, and the partitions that belong to the terminal and not to us."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from host_tools import boards, partition_table
from host_tools.boards import Board
from host_tools.build import build_image
from host_tools.errors import CheYouError
from host_tools.flash.board_name import board_in

SECTOR = 4096
# Written by the terminal itself, or for one terminal alone: an image never touches these unless told by name.
OWNED = ("nvs", "journal", "refusals", "list_a", "list_b")
_BOOTLOADER_AT = 0x1000
_IMAGE_MAGIC = 0xE9
_CHIP_AT = 12
_CHIPS = {"esp32": 0, "esp32s2": 2, "esp32s3": 9, "esp32c3": 5}


@dataclass(frozen=True)
class Part:
    """Bytes to lie at `offset`, whole sectors, erased ones at the end left out."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Target:
    """An image taken apart. `parts` are in the order to write: what makes the board start comes last."""

    board: Board
    parts: tuple[Part, ...]

    @property
    def application(self) -> str:
        """SHA-256 of the application's partition: what tells one firmware from the next."""
        size = self.board.partition("vfs").size
        content = next((part.data for part in self.parts if part.name == "vfs"), b"")
        return hashlib.sha256(content.ljust(size, b"\xff")).hexdigest()

    @property
    def has_micropython(self) -> bool:
        """Whether the image can start a blank board."""
        return any(part.name == "bootloader" for part in self.parts)


def built(board: Board, firmware: Path | None) -> Target:
    """The target for `board` from this source tree."""
    return from_bytes(board, bytes(build_image(board, firmware).data))


def from_file(path: Path) -> Target:
    """The target in a file of `cheyou build`; which board it is for is read from it."""
    try:
        image = path.read_bytes()
    except OSError as error:
        raise CheYouError(f"{path}: {error.strerror}", "make one with `cheyou build --board BOARD`") from None
    return _taken_apart(_board_of(image, path), image, str(path))


def from_bytes(board: Board, image: bytes) -> Target:
    """The target in an image of the whole flash of `board`."""
    return _taken_apart(board, image)


def _board_of(image: bytes, path: Path) -> Board:
    try:
        table = partition_table.decode(image[partition_table.OFFSET : partition_table.OFFSET + partition_table.SIZE])
    except CheYouError:
        raise CheYouError(f"{path} is no flash image of ours", "make one with `cheyou build --board BOARD`") from None
    fitting = [
        board
        for board in map(boards.load, boards.names())
        if board.flash_bytes == len(image) and sorted(board.partitions, key=lambda p: p.offset) == table
    ]
    if len(fitting) > 1:
        vfs = fitting[0].partition("vfs")
        named = board_in(lambda offset, size: image[vfs.offset + offset : vfs.offset + offset + size], vfs.size)
        fitting = [board for board in fitting if board == named] or fitting
    if len(fitting) != 1:
        names = ", ".join(board.name for board in fitting) or "none of the boards known"
        raise CheYouError(f"{path} fits {names}", "build it again: `cheyou build --board BOARD`")
    return fitting[0]


def _taken_apart(board: Board, image: bytes, source: str = "the image") -> Target:
    if len(image) != board.flash_bytes:
        raise CheYouError(
            f"{source} has {len(image):,} bytes, the flash of {board.name} {board.flash_bytes:,}",
            "build it for that board: `cheyou build --board`",
        )
    table = image[partition_table.OFFSET : partition_table.OFFSET + partition_table.SIZE]
    if partition_table.decode(table) != sorted(board.partitions, key=lambda p: p.offset):
        raise CheYouError(f"{source} has another partition table than {board.name}", "build it again with `cheyou build`")
    places = [
        *((p.label, p.offset, p.size) for p in board.partitions if p.label not in OWNED),
        ("bootloader", _BOOTLOADER_AT, partition_table.OFFSET - _BOOTLOADER_AT),
        ("partition-table", partition_table.OFFSET, SECTOR),
    ]
    parts = []
    for name, offset, size in places:
        content = image[offset : offset + size].rstrip(b"\xff")
        if content:
            padded = content + b"\xff" * (-len(content) % SECTOR)
            parts.append(Part(name, offset, padded))
            if name in ("bootloader", "factory"):
                _check_chip(name, content, board, source)
    return Target(board, tuple(parts))


def _check_chip(name: str, content: bytes, board: Board, source: str) -> None:
    chip = struct.unpack_from("<H", content, _CHIP_AT)[0] if len(content) > _CHIP_AT + 1 else None
    if content[0] != _IMAGE_MAGIC or chip != _CHIPS[board.chip]:
        wrong = next((label for label, number in _CHIPS.items() if number == chip), f"chip id {chip}")
        raise CheYouError(
            f"the {name} in {source} is not for {board.chip} but for {wrong}", "build the image for this board: `cheyou build`"
        )
