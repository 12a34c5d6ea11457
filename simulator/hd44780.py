"""The HD44780 character display controller, driven at its pins as the data sheet (Hitachi ADE-207-272(Z)) says.

4-bit and 8-bit function set, including the initialisation by instruction; DDRAM of 80 cells, CGRAM of 8 glyphs, entry
mode, shift, display on/off, cursor. A display keeps its state when the microcontroller is reset, and loses it with the
power. What a real chip would have swallowed (an instruction before power-on reset is over, or while the last one still
runs) is carried out all the same and noted in `misuses`.

Not imitated: reading (R/W is taken as grounded), contrast, 5x10 fonts, the glow of cells as they change.
"""

from __future__ import annotations

from simulator.glyphs import read

POWER_ON_US = 15_000  # at 4.5 V and above; 40 ms at 2.7 V
CLEAR_US = 1_520
OTHER_US = 37


class Hd44780:
    """The controller and its glass of `columns` x `rows` cells."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        # Row starts of the usual modules: rows 2 and 3 continue rows 0 and 1 in memory.
        self.row_starts = (0x00, 0x40, columns, 0x40 + columns)[:rows]
        self.power_on(0)

    def power_on(self, us: int) -> None:
        """The chip's internal reset: 8-bit interface, display off, memory cleared."""
        self.lit = False
        self.ddram = bytearray(b" " * 0x80)
        self.cgram = bytearray(64)
        self.changed_us = us
        self.misuses: list[str] = []
        self._ready_us = us + POWER_ON_US
        self._levels: dict[str, int] = {}
        self._wide = True
        self._half: int | None = None
        self._address = 0
        self._in_cgram = False
        self._step = 1
        self._shifting = False
        self._shift = 0
        self.cursor = False
        self.blink = False

    def pin(self, us: int, name: str, level: int) -> None:
        """A pin (`rs`, `en`, `d4`…`d7`) changes; data is taken over as `en` falls."""
        falls = name == "en" and self._levels.get("en", 0) and not level
        self._levels[name] = level
        if falls:
            get = self._levels.get
            self._nibble(us, get("rs", 0), get("d4", 0) | get("d5", 0) << 1 | get("d6", 0) << 2 | get("d7", 0) << 3)

    def glass(self) -> list[str]:
        """What a person reads, one string a row."""
        if not self.lit:
            return [" " * self.columns] * self.rows
        return [read(row, self.cgram) for row in self.cells()]

    def cells(self) -> list[bytes]:
        """The character codes behind the glass, row by row, display shift applied."""
        return [bytes(self.ddram[self._shifted(start, column)] for column in range(self.columns)) for start in self.row_starts]

    def cursor_cell(self) -> tuple[int, int] | None:
        """(row, column) of a visible cursor."""
        if not self.lit or self._in_cgram or not (self.cursor or self.blink):
            return None
        for row, start in enumerate(self.row_starts):
            for column in range(self.columns):
                if self._shifted(start, column) == self._address:
                    return row, column
        return None

    def _shifted(self, start: int, column: int) -> int:
        line = start & 0x40
        return line | (start - line + column + self._shift) % 40

    def _nibble(self, us: int, rs: int, nibble: int) -> None:
        if self._wide:
            self._byte(us, rs, nibble << 4)  # D0 to D3 are not connected
        elif self._half is None:
            self._half = nibble
        else:
            high, self._half = self._half, None
            self._byte(us, rs, high << 4 | nibble)

    def _byte(self, us: int, rs: int, value: int) -> None:
        if us < self._ready_us:
            self.misuses.append(f"{'data' if rs else 'instruction'} {value:#04x} came {self._ready_us - us} µs too early")
        self._ready_us = us + (CLEAR_US if not rs and value in (1, 2, 3) else OTHER_US)
        self.changed_us = us
        if rs:
            self._write(value)
        else:
            self._instruct(value)

    def _write(self, value: int) -> None:
        if self._in_cgram:
            self.cgram[self._address & 0x3F] = value
            self._address = self._address + self._step & 0x3F
            return
        self.ddram[self._address] = value
        self._move(self._step)
        if self._shifting:
            self._shift = (self._shift + self._step) % 40

    def _move(self, step: int) -> None:
        # Two-line addressing: 0x00..0x27 and 0x40..0x67, each running into the other.
        line, column = self._address & 0x40, (self._address & 0x3F) + step
        if not 0 <= column < 40:
            line ^= 0x40
            column %= 40
        self._address = line | column

    def _instruct(self, value: int) -> None:
        if value & 0x80:
            self._address, self._in_cgram = value & 0x7F, False
        elif value & 0x40:
            self._address, self._in_cgram = value & 0x3F, True
        elif value & 0x20:
            self._wide = bool(value & 0x10)
            self._half = None
        elif value & 0x10:
            step = 1 if value & 0x04 else -1
            if value & 0x08:
                self._shift = (self._shift - step) % 40
            else:
                self._move(step)
        elif value & 0x08:
            self.lit, self.cursor, self.blink = bool(value & 4), bool(value & 2), bool(value & 1)
        elif value & 0x04:
            self._step = 1 if value & 2 else -1
            self._shifting = bool(value & 1)
        elif value:
            if value == 1:
                self.ddram[:] = b" " * 0x80
                self._step = 1
            self._address, self._in_cgram, self._shift = 0, False, 0
