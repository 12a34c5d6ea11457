"""A stock MicroPython .bin for the ESP32, checked and taken apart.

The file covers flash from 0x1000: bootloader, partition table at 0x8000, application at 0x10000. Only bootloader and
application are taken; the table is ours. Header fields: ESP-IDF programming guide, "Application Image Format".
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.partition_table import OFFSET as TABLE_OFFSET

BOOTLOADER_OFFSET = 0x1000
APP_OFFSET = 0x10000
_IMAGE_MAGIC = 0xE9
_CHIP_AT = 12
_CHIPS = {"esp32": 0}
_SIZE_AT = 3  # high half: log2 of the flash size in megabytes
_DIGEST_FLAG_AT = 23


@dataclass(frozen=True)
class StockFirmware:
    """The two parts of the file that go onto the board, and the file's digest."""

    bootloader: bytes
    application: bytes
    sha256: str


def read(path: Path, board: Board) -> StockFirmware:
    """Read and check a firmware file; `CheYouError` when it is not what `board` needs."""
    download = f"take {board.micropython.file} from the MicroPython download page, or let --download fetch it"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheYouError(f"{path}: {error.strerror}", download) from None
    bootloader = data[: _image_end(data, TABLE_OFFSET - BOOTLOADER_OFFSET)]
    application = data[APP_OFFSET - BOOTLOADER_OFFSET :]
    for part, content in (("bootloader", bootloader), ("application", application)):
        if len(content) < 24 or content[0] != _IMAGE_MAGIC:
            raise CheYouError(f"{path} holds no ESP32 {part} where it belongs", download)
        chip = struct.unpack_from("<H", content, _CHIP_AT)[0]
        if chip != _CHIPS[board.chip]:
            raise CheYouError(f"{path} is for another chip (id {chip}) than {board.chip}", download)
    if f"MicroPython v{board.micropython.version} ".encode() not in application:
        raise CheYouError(f"{path} is not MicroPython v{board.micropython.version}", download)
    digest = hashlib.sha256(data).hexdigest()
    if board.micropython.sha256 not in (None, digest):
        raise CheYouError(f"{path} has SHA-256 {digest}, which is not the one pinned for {board.name}", download)
    room = board.partition("factory").size
    if len(application) > room:
        raise CheYouError(f"{path} needs {len(application):,} bytes, the factory partition has {room:,}", download)
    said = 1 << (bootloader[_SIZE_AT] >> 4)
    if said << 20 > board.flash_bytes:
        raise CheYouError(f"{path} is for {said} MB of flash, {board.name} has {board.flash_bytes >> 20} MB", download)
    return StockFirmware(_for_flash(bootloader, board.flash_bytes), application, digest)


def _image_end(data: bytes, limit: int) -> int:
    """Where the image at the start of `data` ends, its checksum and digest included; 0 when not before `limit`."""
    end = 24
    for _ in range(data[1] if len(data) > 1 else 0):
        end += 8 + (struct.unpack_from("<I", data, end + 4)[0] if end + 8 <= len(data) else limit)
    end = (end + 16) // 16 * 16 + (32 if data[_DIGEST_FLAG_AT : _DIGEST_FLAG_AT + 1] == b"\1" else 0)
    return end if end <= limit else 0


def _for_flash(bootloader: bytes, flash_bytes: int) -> bytes:
    """The bootloader with the board's flash size in its header: it starts nothing that lies beyond the size written there."""
    size = (flash_bytes >> 20).bit_length() - 1
    changed = bytearray(bootloader)
    changed[_SIZE_AT] = size << 4 | changed[_SIZE_AT] & 0x0F
    if changed[_DIGEST_FLAG_AT] == 1 and changed != bootloader:
        changed[-32:] = hashlib.sha256(changed[:-32]).digest()
    return bytes(changed)
