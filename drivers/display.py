"""A display that is assigned to and draws itself."""

import asyncio

from micropython import const

_POWER_UP_MS = const(50)
# The library sleeps 1 ms a byte and an ESP32 needs up to half as much again to move the pins: three bytes stay under 5 ms.
_BYTES_A_TURN = const(3)
# No bitmap row has this value (five dots): it marks a row of the glyph memory that is not known or not wanted.
_NO_ROW = const(0xFF)

CHINESE_DATE = (
    ("年", b"\x08\x1f\x12\x0f\x0a\x1f\x02\x00"),
    ("月", b"\x0f\x09\x0f\x09\x0f\x09\x13\x00"),
    ("日", b"\x1f\x11\x11\x1f\x11\x11\x1f\x00"),
)


class Display:
    """`display[row] = "text"` says what a line shall show; `run()` brings the glass there.

    Only the latest text of a line counts: nobody can read the ones between. `glass` is the controller (see `Hd44780`): `columns`,
    `rows`, `GLYPHS`, `begin()`, `code(char)`, `cell(row, column)`, `glyph_row(index)`, `put(byte)`.
    """

    def __init__(self, glass):
        self.columns = glass.columns
        self.rows = glass.rows
        self._glass = glass
        self._bitmaps = glass.GLYPHS * 8
        # One array for both memories of the controller, glyphs first, so that one comparison finds all there is to write and no
        # character shows before its bitmap is there.
        self._want = bytearray(self._bitmaps + self.rows * self.columns)
        self._have = bytearray(len(self._want))
        self._begun = False
        self._look = 0
        self._address = -1
        self._wake = asyncio.Event()
        self.glyphs(CHINESE_DATE)
        for row in range(self.rows):
            self[row] = ""

    def glyphs(self, bitmaps):
        """Replace the characters of our own: pairs of character and 8 bytes (rows of five dots, top first), at most eight.

        Lines already assigned keep their codes: assign them again.
        """
        if len(bitmaps) > self._glass.GLYPHS:
            raise ValueError("more glyphs than the display holds")
        self._codes = {}
        for code, (char, bitmap) in enumerate(bitmaps):
            self._codes[char] = code
            self._want[code * 8 : code * 8 + 8] = bitmap
        for index in range(len(bitmaps) * 8, self._bitmaps):
            self._want[index] = _NO_ROW
        self._wake.set()

    def __setitem__(self, row, text):
        """Clipped or padded to the width; characters the display lacks show as `?`."""
        start = self._bitmaps + range(self.rows)[row] * self.columns
        for column in range(self.columns):
            char = text[column] if column < len(text) else " "
            code = self._codes.get(char)
            self._want[start + column] = self._glass.code(char) if code is None else code
        self._wake.set()

    def settled(self):
        """True when the glass shows what was asked for."""
        return self._begun and self._want == self._have

    def restart(self):
        """Reset the controller and write everything again: the cure when noise on the wires has garbled it."""
        self._begun = False
        self._wake.set()

    async def run(self):
        """Draw for ever. Holds the loop 5 ms at most, but for the controller's reset: 15 ms, 50 ms after start or restart."""
        while True:
            if not self._begun:
                await asyncio.sleep_ms(_POWER_UP_MS)
                self._begin()
            if self._draw():
                await asyncio.sleep_ms(0)
            else:
                self._wake.clear()
                await self._wake.wait()

    def _begin(self):
        self._glass.begin()
        for index in range(len(self._have)):
            self._have[index] = _NO_ROW if index < self._bitmaps else 0x20
        self._look = 0
        self._address = -1
        self._begun = True

    def _draw(self):
        """Write one turn's bytes; False when nothing differs."""
        want, have, size = self._want, self._have, len(self._want)
        # Looking on from the last place, not from the top: a line that changes all the time cannot starve those below it.
        for step in range(size):
            index = (self._look + step) % size
            if want[index] != have[index]:
                break
        else:
            return False
        place = index - self._bitmaps
        # Where the controller's own counter runs on into something else: the row's end, or the end of the bitmaps.
        end = 0 if place < 0 else place - place % self.columns + self.columns
        left = _BYTES_A_TURN
        if index != self._address:
            if place < 0:
                self._glass.glyph_row(index)
            else:
                self._glass.cell(*divmod(place, self.columns))
            left -= 1
        while left and place < end and want[index] != have[index]:
            self._glass.put(want[index])
            have[index] = want[index]
            index += 1
            place += 1
            left -= 1
        self._look = index
        # -1: whatever comes next needs its address sent first.
        self._address = index if place < end else -1
        return True
