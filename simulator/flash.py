"""NOR flash as a file of the board's full size.

As the chip does: programming only clears bits, erasing sets whole 4 KiB sectors to 0xFF, both take their time, and the
power can fail at any of them, before or in the midst of it. Every erase is counted by sector. Times are those of the
W25Q32 data sheet's typical values (sector erase 45 ms, page program 0.7 ms per 256 bytes).

Not imitated: wear-out, read disturb, suspend, and bits that read differently each time after an interrupted erase.
"""

from __future__ import annotations

import mmap
import random
from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

from host_tools import partition_table
from host_tools.boards import Partition
from host_tools.errors import CheYouError

SECTOR = 4096
PAGE = 256
ERASE_S = 0.045
PROGRAM_PAGE_S = 0.0007

Torn = Literal["half", "one_bit", "all_but_one"]
TORN: tuple[Torn, ...] = ("half", "one_bit", "all_but_one")


class FlashOperation(NamedTuple):
    """One erase of one sector (`data` is None) or one program call."""

    at: int
    data: bytes | None


class PowerFailed(Exception):
    """The power went at this operation; what the flash holds is what the cut left."""


class NorFlash:
    """The chip. `path` is created from `image` (padded with 0xFF) unless it is to be kept from an earlier run."""

    def __init__(self, path: Path, size: int, image: bytes | bytearray | None) -> None:
        if image is not None:
            if len(image) > size:
                raise ValueError(f"the image has {len(image)} bytes, the flash {size}")
            path.write_bytes(image + b"\xff" * (size - len(image)))
        self.size = size
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), size)
        self.erases: Counter[int] = Counter()
        self.operations: Counter[str] = Counter()
        self.trace: list[FlashOperation] | None = None
        self._cut_in: int | None = None
        self._torn: Torn | None = None
        self._random = random.Random(0)  # noqa: S311 - a replayable choice of bits

    @property
    def fileno(self) -> int:
        return self._file.fileno()

    def read(self, at: int, length: int) -> bytes:
        return self._map[at : at + length]

    def cut_at(self, operation: int | None, torn: Torn | None = None, seed: int = 0) -> None:
        """Let the power fail at the Nth operation from now (1 is the next one); None takes it back.

        Clean (`torn` None) means that operation does not happen at all. `half`: the first half of the bytes;
        `one_bit`: a single bit of those that would have changed; `all_but_one`: all of them but one.
        """
        if operation is not None and operation < 1:
            raise ValueError("flash operations count from 1")
        self._cut_in = operation
        self._torn = torn
        self._random = random.Random(seed)  # noqa: S311

    def program(self, at: int, data: bytes) -> float:
        """Clear bits; returns the seconds it takes. Raises PowerFailed when the cut falls here."""
        self._check(at, len(data))
        old = self._map[at : at + len(data)]
        new = bytes(a & b for a, b in zip(old, data, strict=True))
        self._operate("program", FlashOperation(at, data), old, new)
        pages = (at + len(data) - 1) // PAGE - at // PAGE + 1 if data else 0
        return pages * PROGRAM_PAGE_S

    def erase(self, at: int, length: int = SECTOR) -> float:
        """Erase whole sectors; each is an operation of its own."""
        self._check(at, length)
        if at % SECTOR or length % SECTOR:
            raise ValueError("erases are of whole sectors")
        for sector in range(at, at + length, SECTOR):
            old = self._map[sector : sector + SECTOR]
            self.erases[sector // SECTOR] += 1
            self._operate("erase", FlashOperation(sector, None), old, b"\xff" * SECTOR)
        return length // SECTOR * ERASE_S

    def image(self) -> bytes:
        """All of it, as `esptool read_flash` would give it."""
        return self._map[:]

    def put(self, at: int, data: bytes) -> None:
        """Put other contents in, as a programmer does with the board switched off: no operation, no wear."""
        self._map[at : at + len(data)] = data

    def close(self) -> None:
        self._map.close()
        self._file.close()

    def _operate(self, kind: str, operation: FlashOperation, old: bytes, new: bytes) -> None:
        self.operations[kind] += 1
        if self.trace is not None:
            self.trace.append(operation)
        if self._cut_in is not None:
            self._cut_in -= 1
            if self._cut_in == 0:
                self._cut_in = None
                if self._torn:
                    new = torn(old, new, self._torn, self._random)
                    self._map[operation.at : operation.at + len(new)] = new
                raise PowerFailed
        self._map[operation.at : operation.at + len(new)] = new

    def _check(self, at: int, length: int) -> None:
        if at < 0 or length < 0 or at + length > self.size:
            raise ValueError(f"flash address {at:#x}+{length} is outside of {self.size:#x} bytes")


def partitions(flash: NorFlash) -> list[Partition]:
    """The partition table in flash; empty when there is none or it is damaged."""
    try:
        return partition_table.decode(flash.read(partition_table.OFFSET, partition_table.SIZE))
    except CheYouError:
        return []


def torn(old: bytes, new: bytes, how: Torn, choice: random.Random) -> bytes:
    """What lies in flash when the power fails in the midst of turning `old` into `new`."""
    if how == "half":
        middle = len(new) // 2
        return new[:middle] + old[middle:]
    changing = [(i, bit) for i in range(len(new)) for bit in range(8) if (old[i] ^ new[i]) >> bit & 1]
    if not changing:
        return old
    at, bit = choice.choice(changing)
    result = bytearray(old if how == "one_bit" else new)
    result[at] ^= 1 << bit
    return bytes(result)
