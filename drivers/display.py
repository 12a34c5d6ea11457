"""A display that is assigned to and draws itself."""

import asyncio

from micropython import const

from drivers.code_points import code_points

_POWER_UP_MS = const(50)
# No bitmap row has this value (five dots): it marks a row of the glyph memory that is not known or not wanted.
_NO_ROW = const(0xFF)
# The character chr(_GLYPH + n) is our own glyph number n.
_GLYPH = const(0xE000)


class Display:
    """`display[row] = "text"` says what a line shall show, `show(rows)` what all of them do; `run()` brings the glass there.

    Only the latest text of a line counts: nobody can read the ones between. `glass` is the controller (see `Hd44780`, `St7920`):
    `columns`, `rows`, `GLYPHS` it holds, `STEP` cells an address has, `TURN` bytes it takes in 5 ms, `begin()`, `code(point)` of
    a Unicode number (above 0xFF for one that is two cells wide), `cell(row, column)`, `glyph_row(index)`, `put(byte)`.
    """

    def __init__(self, glass):
        self.columns = glass.columns
        self.rows = glass.rows
        self._glass = glass
        self._bitmaps = glass.GLYPHS * 8
        # One array for both memories of the controller, glyphs first, so that one comparison finds all there is to write and no
        # character shows before its bitmap is there.
        self._want = bytearray(b" " * (self._bitmaps + self.rows * self.columns))
        self._have = bytearray(len(self._want))
        self._texts = [""] * self.rows
        self._begun = False
        self._look = 0
        self._address = -1
        self._wake = asyncio.Event()
        self.glyphs(None)

    def glyphs(self, bitmap):
        """Where our own characters come from: `bitmap(n)` gives the 8 bytes (rows of five dots, top first) of chr(0xE000 + n).

        They go into the controller as lines need them. Lines already assigned keep theirs: assign them again.
        """
        self._bitmap = bitmap
        # Which glyph each place of the controller holds.
        self._held = [-1] * self._glass.GLYPHS
        self._next = -1
        for index in range(self._bitmaps):
            self._want[index] = _NO_ROW
        self._wake.set()

    def __setitem__(self, row, text):
        """Clipped or padded to the width; characters the display lacks show as `?`."""
        self._texts[range(self.rows)[row]] = text
        self._lay(row)

    def show(self, rows):
        """Assign all lines at once, so that the glyphs of what goes make room for those of what comes.

        Glyphs of lines below the glass are loaded as well, ahead of a screen that has to be quick.
        """
        self._texts = rows + [""] * (self.rows - len(rows))
        for row in range(self.rows):
            self._lay(row)
        for text in rows[self.rows :]:
            for point in code_points(text):
                self._code(point)

    def _lay(self, row):
        want = self._want
        start = at = self._bitmaps + row * self.columns
        end = start + self.columns
        for point in code_points(self._texts[row]):
            code = self._code(point)
            if code > 0xFF:
                # The controller takes a wide character at an address only, never across two.
                if (at - start) & 1:
                    want[at] = 0x20
                    at += 1
                if at + 2 > end:
                    break
                want[at] = code >> 8
                at += 1
            elif at == end:
                break
            want[at] = code & 0xFF
            at += 1
        while at < end:
            want[at] = 0x20
            at += 1
        self._wake.set()

    def _code(self, point):
        glyph = point - _GLYPH
        if glyph < 0 or not self._bitmaps:
            return self._glass.code(point)
        held = self._held
        if glyph in held:
            return held.index(glyph)
        shown = [shown - _GLYPH for text in self._texts for shown in code_points(text)]
        for _ in held:
            self._next = place = (self._next + 1) % len(held)
            if held[place] not in shown:
                held[place] = glyph
                self._want[place * 8 : place * 8 + 8] = self._bitmap(glyph)
                return place
        return self._glass.code(0x3F)

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
        want, have, size, step = self._want, self._have, len(self._want), self._glass.STEP
        # Looking on from the last place, not from the top: a line that changes all the time cannot starve those below it.
        for ahead in range(size):
            index = (self._look + ahead) % size
            if want[index] != have[index]:
                break
        else:
            return False
        # A whole address is written even if only its second cell differs. (Glyphs are whole addresses: 8 divides by any step.)
        index -= index % step
        place = index - self._bitmaps
        # Where the controller's own counter runs on into something else: the row's end, or the end of the bitmaps.
        end = 0 if place < 0 else place - place % self.columns + self.columns
        left = self._glass.TURN
        if index != self._address:
            if place < 0:
                self._glass.glyph_row(index)
            else:
                self._glass.cell(*divmod(place, self.columns))
            left -= 1
        while left >= step and place < end and want[index : index + step] != have[index : index + step]:
            for _ in range(step):
                self._glass.put(want[index])
                have[index] = want[index]
                index += 1
            place += step
            left -= step
        self._look = index
        # -1: whatever comes next needs its address sent first.
        self._address = index if place < end else -1
        return True
