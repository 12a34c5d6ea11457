"""A member-list file in raw flash: a head of 256 bytes in front of it says what it is and how far it has come.

Written sector by sector so that a power cut at any moment leaves a file that is complete, can be gone on with, or is none.
Byte by byte in docs/list-store.md.
"""

import struct
from binascii import crc32

SECTOR = 4096
PAGE = 256
HEAD = 256  # entry, state, then a bit for each sector of the file: cleared once the sector has been erased for it
MOST_SECTORS = 8 * (HEAD - 64)
_MARK = 0x464C5943
_LAYOUT = "<5I32sI"
_ENTRY_BYTES = 60
OPEN, COMPLETE, VOID = 0xFFFFFFFF, 0x5AC3A53C, 0


def entry_of(length, list_id, version, parent, digest, base_tag):
    """The 60 bytes that say what a file will be. ``parent``: the version a delta applies to · ``digest``: SHA-256 of the
    file · ``base_tag``: `ListFile.tag` of the base a delta belongs to; 0 and 0 for a base."""
    fields = struct.pack(_LAYOUT, _MARK, length, list_id, version, parent, digest, base_tag)
    return fields + struct.pack("<I", crc32(fields))


def sectors(length):
    """How many sectors a file of ``length`` bytes takes with its head."""
    return (HEAD + length + SECTOR - 1) // SECTOR


class ListFile:
    """The file whose head is, or will be, at ``sector`` of ``partition``. ``state`` is None where there is no head."""

    def __init__(self, partition, sector):
        self._partition = partition
        self.sector = sector
        self.at = sector * SECTOR + HEAD  # the file's first byte in the partition
        self.state = None
        raw = bytearray(64)
        self.read(-HEAD, raw)
        fields = struct.unpack_from(_LAYOUT, raw)
        if fields[0] == _MARK and raw[:_ENTRY_BYTES] == entry_of(*fields[1:]):
            self.length, self.list_id, self.version, self.parent, digest, self.base_tag = fields[1:]
            self.tag = struct.unpack_from("<I", digest)[0]
            self.end = sector + sectors(self.length)
            self.state = struct.unpack_from("<I", raw, _ENTRY_BYTES)[0]

    @property
    def is_open(self):
        """Whether the file is still being written: its state can become `COMPLETE`, which an interrupted `VOID` cannot."""
        return self.state not in (None, COMPLETE) and self.state & COMPLETE == COMPLETE

    def is_begun(self, entry):
        """Whether this is the file that ``entry`` describes, still being written."""
        raw = bytearray(_ENTRY_BYTES)
        self.read(-HEAD, raw)
        return raw == entry and self.is_open

    def read(self, offset, buf):
        """Fill ``buf`` with the file's bytes from ``offset`` on."""
        at = self.at + offset
        self._partition.readblocks(at // SECTOR, buf, at % SECTOR)

    def program(self, offset, data):
        """Program bytes of the file, within one page."""
        at = self.at + offset
        self._partition.writeblocks(at // SECTOR, data, at % SECTOR)

    def erase(self, index):
        """Erase the file's sector ``index``, 45 ms; sector 0 holds the head."""
        self._partition.ioctl(6, self.sector + index)

    def program_entry(self, entry):
        """Say what the file will be. Done again after a restart, it makes bits firm that a power cut left half programmed."""
        self.program(-HEAD, entry)

    def program_state(self, state):
        """Declare the file complete or void: the last step of writing it, the first of overwriting it."""
        self.program(_ENTRY_BYTES - HEAD, struct.pack("<I", state))

    def is_erased(self, index):
        """Whether the file's sector ``index`` has been erased for it. The first has, or there would be no head."""
        return not index or not self._marks(index >> 3, 1)[0] >> (index & 7) & 1

    def mark_erased(self, index):
        """Note that the file's sector ``index`` has been erased. Done again, it makes the note firm."""
        marks = self._marks(index >> 3, 1)
        marks[0] &= ~(1 << (index & 7))
        self.program(64 - HEAD + (index >> 3), marks)

    def _marks(self, first, count):
        marks = bytearray(count)
        self.read(64 - HEAD + first, marks)
        return marks

    def written(self, length):
        """The offset at which to go on after a restart: that of the last page that bears anything. It may be torn, so it is
        programmed again with the same bytes; what follows is erased or not begun."""
        marks = self._marks(0, HEAD - 64)
        index = 1
        while index < sectors(length) and not marks[index >> 3] >> (index & 7) & 1:
            index += 1
        end = index * SECTOR
        page = bytearray(PAGE)
        while end > HEAD:
            end -= PAGE
            self.read(end - HEAD, page)
            if end % SECTOR == 0 or page != b"\xff" * PAGE:
                break
        return end - HEAD
