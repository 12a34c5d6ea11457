"""What an HD44780 in four-bit mode makes of its pins: DDRAM and CGRAM, from edges of E. Do not upload.

Not imitated: execution times, the busy flag, shifting, one-line mode, ROM characters' shapes.
"""

from four_bit_bus import FourBitBus


class Glass(FourBitBus):
    """Feed pin writes by name; read `text(columns, rows)` and `cgram`."""

    def __init__(self, rs, en, d4, d5, d6, d7):
        super().__init__(rs, en, d4, d5, d6, d7)
        self.ddram = bytearray(b"\xee" * 128)
        self.cgram = bytearray(b"\xee" * 64)
        self._address = 0
        self._in_cgram = False

    def _execute(self, byte):
        if self._rs:
            if self._in_cgram:
                self.cgram[self._address & 63] = byte
                self._address = self._address + 1 & 63
            else:
                self.ddram[self._address] = byte
                self._address += 1
                # The second row follows the end of the first one's 40 cells (datasheet p. 11).
                self._address = {0x28: 0x40, 0x68: 0}.get(self._address, self._address)
        elif byte & 0x80:
            self._in_cgram, self._address = False, byte & 0x7F
        elif byte & 0x40:
            self._in_cgram, self._address = True, byte & 0x3F
        elif byte & 0x20:
            self._set_width(byte)
        elif byte == 1:
            self.ddram[:] = b" " * 128
            self._in_cgram, self._address = False, 0

    def row(self, row, columns):
        start = (0, 0x40, columns, 0x40 + columns)[row]
        return bytes(self.ddram[start : start + columns])
