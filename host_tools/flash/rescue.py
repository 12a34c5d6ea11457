"""Saving what a terminal holds: identity, journal and refusals, from a board that still answers or from an image of its flash."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools import partition_table
from host_tools.boards import Board, Partition
from host_tools.errors import CheYouError
from host_tools.flash.adapters import AdapterMemory
from host_tools.flash.link import Link
from host_tools.flash.ports import Port
from provisioning import nvs_reader, ring_image
from provisioning.nvs_image import NAMESPACE
from provisioning.private_files import write_private
from provisioning.ring_image import Ring

# What is read from a board: the terminal's own, and its files for the settings it was sent.
SAVED = ("nvs", "journal", "refusals", "vfs")
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Salvage:
    """What was read: an image of the flash, erased where nothing was read, and the table it is read by."""

    image: bytes
    table: tuple[Partition, ...]
    mac: str  # "" when it came from a file

    def partition(self, label: str) -> bytes:
        """The bytes of one partition; `CheYouError` when the table has none of that name."""
        for found in self.table:
            if found.label == label:
                return self.image[found.offset : found.end]
        raise CheYouError(f"the flash has no partition {label}", "is this the flash of a terminal?")

    @property
    def identity(self) -> nvs_reader.Values:
        """What NVS says; empty when it was erased."""
        return nvs_reader.read(self.partition("nvs"), NAMESPACE)

    @property
    def terminal(self) -> str | None:
        """Whose flash it is, as far as NVS tells."""
        name = self.identity.get("id")
        return name.decode("ascii", "replace") if isinstance(name, bytes) else None

    def ring(self, stream: str, key: bytes) -> Ring:
        """The journal (`records`) or the refusals, opened with the terminal's key."""
        return ring_image.read(self.partition(ring_image.STREAMS[stream][0]), key, stream)

    def key(self, registered: bytes | None) -> bytes:
        """The key that opens the rings: the one on the flash where it is still there, else the registered one."""
        held = self.identity.get("key")
        key = held if isinstance(held, bytes) else registered
        if key is None:
            raise CheYouError(
                "the flash has lost its identity", "say whose it is with --terminal, so that its key can be looked up"
            )
        return key


def from_board(
    port: Port, adapters: AdapterMemory, report: Report, restart: bool = True, board: Board | None = None
) -> Salvage:  # fmt: skip
    """Read what is worth saving from a board; nothing on it is changed. `board` says where things lie if its table is lost."""
    with Link.open(port, adapters.rates(port.adapter)) as link:
        table = board.partitions if board else _table(link.table, f"the board on {port.device}")
        wanted = [partition for partition in table if partition.label in SAVED]
        total, before = sum(partition.size for partition in wanted), 0
        image = bytearray(b"\xff" * link.flash_bytes)
        found = partition_table.encode(table) if board else link.table
        image[partition_table.OFFSET : partition_table.OFFSET + len(found)] = found
        for partition in wanted:

            def progress(done: int, _size: int, before: int = before, label: str = partition.label) -> None:
                report((before + done) / total, f"reading {label}")

            image[partition.offset : partition.end] = link.read(partition.offset, partition.size, progress)
            before += partition.size
        mac = link.mac
        if restart:
            link.run()
    return Salvage(bytes(image), table, mac)


def from_file(path: Path, board: Board | None = None) -> Salvage:
    """The same from an image of the whole flash."""
    try:
        image = path.read_bytes()
    except OSError as error:
        raise CheYouError(f"{path}: {error.strerror}", "give an image of the whole flash, as `cheyou rescue` saves it") from None
    return Salvage(image, board.partitions if board else _table(image[partition_table.OFFSET :][:0x1000], str(path)), "")


def save(salvage: Salvage, folder: Path) -> Path:
    """Write the image where only its owner can read it: it holds the terminal's key."""
    name = salvage.terminal or salvage.mac.replace(":", "") or "unknown"
    path = folder / f"{name}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.bin"
    write_private(path, salvage.image)
    return path


def _table(sector: bytes, source: str) -> tuple[Partition, ...]:
    try:
        return tuple(partition_table.decode(sector[: partition_table.SIZE]))
    except CheYouError:
        raise CheYouError(
            f"{source} has no sound partition table",
            "was it ever flashed by `cheyou flash`? then name the board: `cheyou rescue --board BOARD`",
        ) from None
