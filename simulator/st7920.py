"""The ST7920 display controller on a 128×64 glass, driven at its pins as the data sheet (Sitronix, V4.0) says.

Parallel interface, 8 and 4 bits wide; basic instruction set: the text memory of 16-bit words, four characters of its own,
entry mode, shift of the address, display on/off, cursor. What a real chip would have swallowed or shown as rubbish is
carried out and noted in `misuses`: an instruction too early, half a word left unwritten, instructions not imitated.

Not imitated: reading (R/W is taken as grounded), the serial interface, display shift, the extended instruction set with its
graphic memory, contrast.
"""

from __future__ import annotations

POWER_ON_US = 40_000
CLEAR_US = 1_600
OTHER_US = 72
COLUMNS, ROWS = 16, 4
WORDS_A_ROW = COLUMNS // 2
# Lines 3 and 4 of the glass continue lines 1 and 2 in memory.
_ROW_STARTS = (0x00, 0x10, 0x08, 0x18)


class St7920:
    """The controller and its glass; times are microseconds."""

    columns = COLUMNS
    rows = ROWS

    def __init__(self) -> None:
        self.power_on(0)

    def power_on(self, us: int) -> None:
        """The chip's internal reset: 8-bit interface, display off, memory cleared."""
        self.lit = False
        self.cursor = False
        self.blink = False
        self.ddram = bytearray(b" " * 128)
        self.cgram = bytearray(128)
        self.changed_us = us
        self.misuses: list[str] = []
        self._ready_us = us + POWER_ON_US
        self._levels: dict[str, int] = {}
        self._wide = True
        self._half: int | None = None
        self._extended = False
        self._address = 0
        self._in_cgram = False
        self._low_next = False
        self._step = 1

    def pin(self, us: int, name: str, level: int) -> None:
        """A pin (`rs`, `en`, `d4`…`d7`) changes; data is taken over as `en` falls."""
        falls = name == "en" and self._levels.get("en", 0) and not level
        self._levels[name] = level
        if falls:
            get = self._levels.get
            self._nibble(us, get("rs", 0), get("d4", 0) | get("d5", 0) << 1 | get("d6", 0) << 2 | get("d7", 0) << 3)

    def cells(self) -> list[bytes]:
        """The bytes behind the glass, row by row: two a word."""
        return [bytes(self.ddram[2 * start : 2 * start + COLUMNS]) for start in _ROW_STARTS]

    def glass(self) -> list[str]:
        """What a person reads, one string a row; a wide character takes two columns of the glass and is one character here."""
        if not self.lit:
            return [" " * COLUMNS] * ROWS
        return ["".join(_word_text(row[at : at + 2]) for at in range(0, COLUMNS, 2)) for row in self.cells()]

    def cursor_cell(self) -> tuple[int, int] | None:
        """(row, word) of a visible cursor."""
        if self.lit and (self.cursor or self.blink) and not self._in_cgram:
            for row, start in enumerate(_ROW_STARTS):
                if start <= self._address < start + WORDS_A_ROW:
                    return row, self._address - start
        return None

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
        self._ready_us = us + (CLEAR_US if not rs and value == 1 else OTHER_US)
        self.changed_us = us
        if rs:
            self._write(value)
            return
        if self._low_next:
            self.misuses.append(f"instruction {value:#04x} came after half a word")
            self._low_next = False
        self._instruct(value)

    def _write(self, value: int) -> None:
        memory = self.cgram if self._in_cgram else self.ddram
        memory[2 * self._address + self._low_next] = value
        self._low_next = not self._low_next
        if not self._low_next:
            self._move(self._step)

    def _move(self, step: int) -> None:
        self._address = (self._address + step) & 0x3F

    def _instruct(self, value: int) -> None:
        if value & 0xE0 == 0x20:
            self._wide = bool(value & 0x10)
            self._extended = bool(value & 0x04)
            self._half = None
        elif self._extended:
            self.misuses.append(f"extended instruction {value:#04x} is not imitated")
        elif value & 0x80:
            self._address, self._in_cgram = value & 0x3F, False
        elif value & 0x40:
            self._address, self._in_cgram = value & 0x3F, True
        elif value & 0x10:
            if value & 0x08:
                self.misuses.append(f"display shift {value:#04x} is not imitated")
            else:
                self._move(1 if value & 0x04 else -1)
        elif value & 0x08:
            self.lit, self.cursor, self.blink = bool(value & 4), bool(value & 2), bool(value & 1)
        elif value & 0x04:
            self._step = 1 if value & 2 else -1
        elif value:
            if value == 1:
                self.ddram[:] = b" " * 128
                self._step = 1
            self._address, self._in_cgram = 0, False


def _word_text(word: bytes) -> str:
    if word[0] >= 0xA1:
        return word.decode("gb2312", errors="replace")
    return "".join(chr(code) if 0x20 <= code < 0x7F else "\ufffd" for code in word)
