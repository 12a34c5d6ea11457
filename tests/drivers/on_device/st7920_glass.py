"""What an ST7920 in four-bit mode makes of its pins: its text memory, from edges of E. Do not upload.

Not imitated: execution times, shapes, CGRAM, the extended instruction set.
"""


class Glass:
    """Feed pin writes by number; read `row(n)`. `halves` counts words left half-written, `bytes` all bytes."""

    def __init__(self, rs, en, d4, d5, d6, d7):
        self._names = {rs: "rs", en: "en", d4: 0, d5: 1, d6: 2, d7: 3}
        self._rs = self._nibble = self._en = 0
        self._high = None
        self._low_next = False
        self._address = 0
        self.four_bits = False
        self.lit = False
        self.ddram = bytearray(b"\xee" * 128)
        self.halves = 0
        self.bytes = 0

    def write(self, number, level):
        name = self._names.get(number)
        if name == "rs":
            self._rs = level
        elif name == "en":
            if self._en and not level:
                self._latch()
            self._en = level
        elif name is not None:
            self._nibble = self._nibble & ~(1 << name) | level << name

    def _latch(self):
        if not self.four_bits:
            self._execute(self._nibble << 4)
        elif self._high is None:
            self._high = self._nibble
        else:
            byte, self._high = self._high << 4 | self._nibble, None
            self.bytes += 1
            self._execute(byte)

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
            self.four_bits = not byte & 0x10
            self._high = None
        elif byte & 0x08:
            self.lit = bool(byte & 4)
        elif byte == 1:
            self.ddram[:] = b" " * 128
            self._address = 0

    def row(self, row):
        start = (0, 32, 16, 48)[row]
        return bytes(self.ddram[start : start + 16])
