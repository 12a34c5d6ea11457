"""PNG files (ISO/IEC 15948) of few colours whose bytes depend on the picture alone.

zlib's output differs between its versions and its rivals; pictures kept in the repository must not. So the few lines of
DEFLATE (RFC 1951) that such pictures need are here: fixed codes, runs of one byte. With the filter "up", a line like the one
above it is one run of zeros.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]

_LONGEST_RUN = 258
_SHORTEST_RUN = 3
_END = 256


def encode(lines: Sequence[Sequence[int]], palette: Sequence[Colour]) -> bytes:
    """A picture of `lines` of numbers of colours; at most four colours."""
    if len(palette) > 4:
        raise ValueError("two bits a pixel hold four colours")
    width = len(lines[0])
    raw = bytearray()
    above = bytes((width + 3) // 4)
    for line in lines:
        packed = bytes(
            sum(line[x + i] << (6 - 2 * i) for i in range(min(4, width - x))) for x in range(0, width, 4)
        )  # fmt: skip
        raw.append(2)
        raw += bytes((now - before) & 0xFF for now, before in zip(packed, above, strict=True))
        above = packed
    header = struct.pack(">IIBBBBB", width, len(lines), 2, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", deflated(bytes(raw))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def deflated(data: bytes) -> bytes:
    """A zlib stream (RFC 1950) of one block."""
    bits = _Bits()
    bits.put(0b011, 3)  # the last block, fixed codes
    at = 0
    while at < len(data):
        bits.literal_or_length(data[at])
        end = at + 1
        while end < len(data) and data[end] == data[at]:
            end += 1
        left = end - at - 1
        at = end
        while left >= _SHORTEST_RUN:
            run = min(left, _LONGEST_RUN)
            bits.run(run)
            left -= run
        at -= left
    bits.literal_or_length(_END)
    return b"\x78\x01" + bits.done() + struct.pack(">I", zlib.adler32(data))


class _Bits:
    """Packs bits from the lowest of each byte up."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._held = 0
        self._count = 0

    def put(self, value: int, count: int) -> None:
        self._held |= value << self._count
        self._count += count
        while self._count >= 8:
            self._bytes.append(self._held & 0xFF)
            self._held >>= 8
            self._count -= 8

    def literal_or_length(self, symbol: int) -> None:
        """A symbol of the fixed code (RFC 1951, 3.2.6); Huffman codes go in from their highest bit."""
        if symbol < 144:
            code, count = 0x30 + symbol, 8
        elif symbol < 256:
            code, count = 0x190 + symbol - 144, 9
        elif symbol < 280:
            code, count = symbol - 256, 7
        else:
            code, count = 0xC0 + symbol - 280, 8
        self.put(int(f"{code:0{count}b}"[::-1], 2), count)

    def run(self, length: int) -> None:
        """`length` more of the byte before."""
        if length == _LONGEST_RUN:
            self.literal_or_length(285)
        elif length <= 10:
            self.literal_or_length(254 + length)
        else:
            extra = (length - 3).bit_length() - 3
            self.literal_or_length(257 + 4 * extra + ((length - 3) >> extra))
            self.put((length - 3) & ((1 << extra) - 1), extra)
        self.put(0, 5)  # at distance 1

    def done(self) -> bytes:
        self.put(0, -self._count % 8)
        return bytes(self._bytes)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", binascii.crc32(name + data))
