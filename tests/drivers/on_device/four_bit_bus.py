"""Bytes from the pins of a display in four-bit mode, from edges of E. Do not upload."""


class FourBitBus:
    """Feed pin writes by number. A controller overrides `_execute(byte)`, which sees `_rs` as it then is; `bytes` counts
    what came in four-bit mode."""

    def __init__(self, rs, en, d4, d5, d6, d7):
        self._names = {rs: "rs", en: "en", d4: 0, d5: 1, d6: 2, d7: 3}
        self._rs = self._nibble = self._en = 0
        self._high = None
        self.four_bits = False
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

    def _set_width(self, byte):
        """Function set, the same in every controller of this family."""
        self.four_bits = not byte & 0x10
        self._high = None
