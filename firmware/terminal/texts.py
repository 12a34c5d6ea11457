"""The texts of all languages in one file, read from flash as they are needed: 4 bytes of heap a text instead of the texts.

`host_tools/text_pack.py` makes the file and describes it.
"""

import struct
from binascii import crc32

_HEADER = 12
_LANGUAGE = 8
_NUMBERS = 514
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
        count, begin = struct.unpack("<HI", self._at(_HEADER + _LANGUAGE * place + 2, 6))
        self._index = self._at(begin, 4 * count + 4)
        self._begin = begin + len(self._index)
        self.language = language

    def rows(self, name):
        """The rows of ``screens/…`` or ``reasons/…``, or the one of ``words/…``, in the display's characters."""
        index = self._index
        key = struct.pack("<H", crc32(name.encode()) & 0xFFFF)
        at = index.find(key)
        while at & 3 and at >= 0:
            at = index.find(key, at + 1)
        if at < 0:
            raise KeyError(name)
        start, _, end = struct.unpack_from("<HHH", index, at + 2)
        return self._at(self._begin + start, end - start).decode().split("\n")

    def local(self, name):
        """A name the centre gave, in the display's characters; None when it cannot show that."""
        text = ""
        drawn = 0
        for char in name:
            if ord(char) >= 0x80:
                number = self._number(ord(char))
                if number is not None:
                    char = chr(_FIRST + number)
                    if self._name_cells:
                        char = chr(_FIRST + (number & 0xFF))
                        if number >> 8 != _NO_CELL:
                            char += chr(_FIRST + (number >> 8))
                        drawn += len(char)
                elif ord(char) >= _SYMBOLS:
                    return None
            text += char
        return text if drawn <= self._name_cells else None

    def bitmap(self, number):
        """The 8 bytes of a cell drawn by us (see `Display.glyphs`)."""
        return self._at(self._bitmaps + 8 * number, 8)

    def _number(self, code):
        if code > 0xFFFF:
            return None
        before, upto = struct.unpack("<HH", self._at(self._characters + 2 * (code >> 8), 4))
        count = upto - before
        bucket = self._at(self._characters + _NUMBERS + 3 * before, 3 * count)
        place = bucket.find(bytes((code & 0xFF,)), 0, count)
        return None if place < 0 else struct.unpack_from("<H", bucket, count + 2 * place)[0]

    def _at(self, place, length):
        self._file.seek(place)
        return self._file.read(length)
