"""A raw partition in memory, for the terminal's own ring code to work on."""

from __future__ import annotations

from host_tools.flash.target import SECTOR


class MemoryPartition:
    """A copy of a partition, with the interface of `esp32.Partition` and the nature of NOR flash."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content)

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        start = block * SECTOR + offset
        buffer[:] = self.content[start : start + len(buffer)]

    def writeblocks(self, block: int, data: bytes, offset: int = 0) -> None:
        start = block * SECTOR + offset
        for at, byte in enumerate(bytes(data), start):
            self.content[at] &= byte

    def ioctl(self, command: int, argument: int) -> int:
        if command == 6:
            self.content[argument * SECTOR : (argument + 1) * SECTOR] = b"\xff" * SECTOR
            return 0
        return len(self.content) // SECTOR if command == 4 else SECTOR
