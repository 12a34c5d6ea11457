"""The whole flash of a board as bytes, and what lies where in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.boards import Board
from host_tools.errors import CheYouError

ERASED = 0xFF


@dataclass(frozen=True)
class Region:
    """A stretch of flash: `size` bytes at `offset`, of which the first `used` were written."""

    name: str
    offset: int
    size: int
    used: int


@dataclass
class FlashImage:
    """`data` is as long as the flash, erased (0xFF) where nothing was put; `regions` in order of offset."""

    board: Board
    data: bytearray = field(init=False)
    regions: list[Region] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.data = bytearray([ERASED]) * self.board.flash_bytes

    def put(self, name: str, content: bytes, offset: int | None = None, size: int | None = None) -> None:
        """Lay `content` into the partition labelled `name`, or, with `offset` and `size`, into a region outside the table.

        Replaces what `put` laid there under the same name; refuses to touch any other region, and to exceed its own.
        """
        if offset is None or size is None:
            partition = self.board.partition(name)
            offset, size = partition.offset, partition.size
        if len(content) > size:
            raise CheYouError(
                f"{name} needs {len(content):,} bytes, its region has {size:,}", "make it smaller or the region larger"
            )
        others = [region for region in self.regions if region.name != name]
        for region in others:
            if offset < region.offset + region.size and region.offset < offset + size:
                raise CheYouError(f"{name} would overwrite {region.name}", "correct the board's partition table")
        self.data[offset : offset + size] = content + bytes([ERASED]) * (size - len(content))
        self.regions = sorted([*others, Region(name, offset, size, len(content))], key=lambda region: region.offset)

    def region(self, name: str) -> bytes:
        """The bytes of one region or partition, erased parts included."""
        for region in self.regions:
            if region.name == name:
                return bytes(self.data[region.offset : region.offset + region.size])
        partition = self.board.partition(name)
        return bytes(self.data[partition.offset : partition.end])

    @property
    def sha256(self) -> str:
        """The image's fingerprint."""
        return hashlib.sha256(self.data).hexdigest()

    def write(self, path: Path) -> None:
        """Write the image to a file, in one step, so that nothing ever reads half of one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".new")
        draft.write_bytes(self.data)
        draft.replace(path)
