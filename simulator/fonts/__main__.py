"""`python -m simulator.fonts UNIFONT_HEX` writes gb2312.bin anew from GNU Unifont's .hex file (Debian: package unifont,
/usr/share/unifont/unifont.hex). The same font gives the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

from simulator.fonts import GB2312, HALF_WIDTH, ROWS, WIDE


def subset(unifont: str) -> bytes:
    """The half-width characters 0x20 to 0x7E, then every place of GB2312 from A1A1 on, in the chip's order."""
    shapes = {}
    for line in unifont.splitlines():
        code, _, bitmap = line.partition(":")
        shapes[int(code, 16)] = bytes.fromhex(bitmap)
    data = b"".join(shapes[code] for code in range(0x20, 0x7F))
    for row in range(ROWS):
        for place in range(94):
            try:
                character = bytes((0xA1 + row, 0xA1 + place)).decode("gb2312")
            except UnicodeDecodeError:
                data += bytes(WIDE)
                continue
            shape = shapes[ord(character)]
            # Unifont has some of the symbols half as wide: they go into the middle.
            data += shape if len(shape) == WIDE else b"".join(bytes((b >> 4, b << 4 & 0xFF)) for b in shape)
    if len(data) != 95 * HALF_WIDTH + ROWS * 94 * WIDE:
        raise ValueError("this Unifont has shapes of another size")
    return data


if __name__ == "__main__":
    GB2312.write_bytes(subset(Path(sys.argv[1]).read_text(encoding="ascii")))
