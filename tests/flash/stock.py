"""A file shaped like a stock MicroPython for the ESP32: esptool's own checks accept it, an ESP32 would not run it.

Headers, checksum and SHA-256 are those of ESP-IDF's application image format; what is inside is noise that compresses about as
well as the real one.
"""

from __future__ import annotations

import hashlib
import random
import struct
from functools import reduce
from operator import xor

ESP32, ESP32S3 = 0, 9


def firmware(size: int = 1_600_000, chip: int = ESP32, version: str = "1.26.1") -> bytes:
    """The file, from flash address 0x1000 on: bootloader, a partition table's place, application of about `size` bytes."""
    bootloader = _image(b"bootloader" * 400, chip, 0x3FFF0030)
    code = f"MicroPython v{version} on 2025-09-11; Generic ESP32 module with ESP32\0".encode() + _like_code(size)
    return bootloader.ljust(0xF000, b"\xff") + _image(code, chip, 0x400D0020)


def _image(data: bytes, chip: int, address: int) -> bytes:
    data += bytes(-len(data) % 4)
    head = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, address)
    head += struct.pack("<BBBBHBHH4sB", 0xEE, 0, 0, 0, chip, 0, 0, 399, bytes(4), 1)
    image = head + struct.pack("<II", address, len(data)) + data
    image += bytes(15 - len(image) % 16) + bytes([reduce(xor, data, 0xEF)])
    return image + hashlib.sha256(image).digest()


def _like_code(size: int) -> bytes:
    """Bytes that deflate to some two thirds, as the stock firmware does."""
    noise = random.Random(1)
    words = [noise.randbytes(4) for _ in range(3000)]
    return b"".join(noise.choice(words) + noise.randbytes(2) for _ in range(size // 6))
