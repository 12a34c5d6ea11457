"""What an ST7920 in four-bit mode makes of its pins: its text memory, from edges of E. Do not upload.

Not imitated: execution times, shapes, CGRAM, the extended instruction set.
"""

from four_bit_bus import FourBitBus


class Glass(FourBitBus):
    """Feed pin writes by number; read `row(n)`. `halves` counts words left half-written, `bytes` all bytes."""

    def __init__(self, rs, en, d4, d5, d6, d7):
        super().__init__(rs, en, d4, d5, d6, d7)
        self._low_next = False
        self._address = 0
        self.lit = False
        self.ddram = bytearray(b"\xee" * 128)
        self.halves = 0

    def _execute(self, byte):
        if self._rs:
            self.ddram[2 * self._address + self._low_next] = byte
            self._low_next = not self._low_next
            if not self._low_next:
                self._address = self._address + 1 & 63
            return
        self.halves += self._low_next
        self._low_next = False
        if byte & 0x80:
            self._address = byte & 63
        elif byte & 0x20:
            self._set_width(byte)
        elif byte & 0x08:
            self.lit = bool(byte & 4)
        elif byte == 1:
            self.ddram[:] = b" " * 128
            self._address = 0

    def row(self, row):
        start = (0, 32, 16, 48)[row]
        return bytes(self.ddram[start : start + 16])
