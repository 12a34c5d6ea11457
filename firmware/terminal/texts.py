"""The texts of all languages in one file, read from flash as they are needed.

`host_tools/text_pack.py` makes the file and describes it.
"""

import struct
from binascii import crc32

from drivers.code_points import code_points, encoded

_HEADER = 12
_LANGUAGE = 8
_NUMBERS = 514
_PIECE = 64
_ENTRY = 4
_FIRST = 0xE000
_NO_CELL = 0xFF
# The symbols up to here are in the display's font or show as "?"; a name with a letter beyond that it lacks is not shown at all.
_SYMBOLS = 0x2600


class Texts:
    """The file at ``path``; ``language`` is one of ``languages`` (two letters each)."""

    def __init__(self, path, language):
        self._file = open(path, "rb")  # noqa: SIM115 - as long as the terminal runs
        _, count, self._name_cells, self._characters, self._bitmaps = struct.unpack("<2sBBII", self._file.read(_HEADER))
        self.languages = [self._file.read(_LANGUAGE)[:2].decode() for _ in range(count)]
        self.use(language)

    def use(self, language):
        """Read in that language from now on; ValueError when there is none such."""
        place = self.languages.index(language)
        count, self._index = struct.unpack("<HI", self._at(_HEADER + _LANGUAGE * place + 2, 6))
        self._begin = self._index + _ENTRY * (count + 1)
        self.language = language

    def rows(self, name):
        """The rows of ``screens/…`` or ``reasons/…``, or the one of ``words/…``, in the display's characters."""
        key = struct.pack("<H", crc32(name.encode()) & 0xFFFF)
        # In pieces, each with the entry after it, which says where the last one's text ends.
        for place in range(self._index, self._begin - _ENTRY, _PIECE):
            piece = self._at(place, min(_PIECE + _ENTRY, self._begin - place))
            at = piece.find(key, 0, -_ENTRY)
            while at & 3 and at >= 0:
                at = piece.find(key, at + 1, -_ENTRY)
            if at >= 0:
                start, _, end = struct.unpack_from("<HHH", piece, at + 2)
                return self._at(self._begin + start, end - start).decode().split("\n")
        raise KeyError(name)

    def local(self, name):
        """A name the centre gave, in the display's characters; None when it cannot show that."""
        text = bytearray()
        drawn = 0
        for point in code_points(name):
            number = self._number(point) if point >= 0x80 else None
            cells = (point,)
            if number is not None:
                cells = (_FIRST + number,)
                if self._name_cells:
                    cells = (_FIRST + (number & 0xFF), _FIRST + (number >> 8))[: 2 if number >> 8 != _NO_CELL else 1]
                    drawn += len(cells)
            elif point >= _SYMBOLS:
                return None
            for cell in cells:
                text.extend(encoded(cell))
        return text.decode() if drawn <= self._name_cells else None

    def bitmap(self, number):
        """The 8 bytes of a cell drawn by us (see `Display.glyphs`)."""
        return self._at(self._bitmaps + 8 * number, 8)

    def _number(self, code):
        if code > 0xFFFF:
            return None
        before, upto = struct.unpack("<HH", self._at(self._characters + 2 * (code >> 8), 4))
        bucket = self._characters + _NUMBERS + 3 * before
        # In pieces: a bucket has up to 768 bytes, and the heap seldom as many in one.
        for at in range(before, upto, _PIECE):
            place = self._at(bucket + at - before, min(_PIECE, upto - at)).find(bytes((code & 0xFF,)))
            if place >= 0:
                return struct.unpack("<H", self._at(bucket + upto - before + 2 * (at - before + place), 2))[0]

    def _at(self, place, length):
        self._file.seek(place)
        return self._file.read(length)
