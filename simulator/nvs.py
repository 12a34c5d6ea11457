"""ESP-IDF's NVS, page format version 2, on the bytes of the flash model.

https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/storage/nvs_flash.html ("Internals") describes it.
Reads what esp-idf-nvs-partition-gen and ESP-IDF write. Every change is made of flash operations in ESP-IDF's order (new
entry, its state bits, old entry's state bits), so that a power cut can fall between any two and the old or the new value
is found afterwards. As there, a value goes to flash when it is set; setting what is already stored writes nothing.

Not imitated: types but i32 and blob, blobs above 4,000 bytes, encryption, the hash list, iterators.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from simulator.flash import SECTOR, NorFlash

I32, BLOB_DATA, BLOB_INDEX, U8 = 0x14, 0x42, 0x48, 0x01
NOT_FOUND, NO_SPACE, KEY_TOO_LONG, TOO_LONG, NO_PARTITION = 0x1102, 0x1105, 0x1109, 0x110E, 0x110F
LONGEST_BLOB = 4000

_ENTRIES = 126
_FIRST_ENTRY = 64
_ACTIVE, _FULL, _FREEING = 0xFFFFFFFE, 0xFFFFFFFC, 0xFFFFFFF8
_VERSION_2 = 0xFE
_WRITTEN, _ERASED = 0b10, 0b00


class NvsError(Exception):
    """`code` is ESP-IDF's."""

    def __init__(self, code: int) -> None:
        super().__init__(f"NVS error {code:#x}")
        self.code = code


@dataclass
class _Entry:
    page: int
    index: int
    namespace: int
    type: int
    span: int
    chunk: int
    key: str
    value: bytes
    """The 8 data bytes, or a blob chunk's own bytes."""


class Nvs:
    """One mounted partition. `seconds` adds up how long the flash was busy since it was last set to 0."""

    def __init__(self, flash: NorFlash, at: int, size: int) -> None:
        self._flash = flash
        self._pages = [at + page for page in range(0, size, SECTOR)]
        self.seconds = 0.0
        self._entries: list[_Entry] = []
        for page in sorted((p for p in self._pages if self._state(p) in (_ACTIVE, _FULL, _FREEING)), key=self._sequence):
            self._load(page)
        for page in self._pages:
            if self._state(page) == _FREEING:
                self._empty(page)

    def namespace(self, name: str) -> int:
        """The number of a namespace, which is made when it is new."""
        self._check_key(name)
        entry = self._find(0, U8, name)
        if entry is not None:
            return entry.value[0]
        used = {e.value[0] for e in self._entries if e.namespace == 0}
        number = next(n for n in range(1, 255) if n not in used)
        self._append(0, U8, 0xFF, name, struct.pack("<B7x", number).replace(b"\0", b"\xff"))
        return number

    def get_i32(self, namespace: int, key: str) -> bytes:
        entry = self._find(namespace, I32, key)
        if entry is None:
            raise NvsError(NOT_FOUND)
        return entry.value[:4]

    def get_blob(self, namespace: int, key: str) -> bytes:
        index = self._find(namespace, BLOB_INDEX, key)
        if index is None:
            raise NvsError(NOT_FOUND)
        size, count, start = struct.unpack("<IBB2x", index.value)
        chunks = [self._find(namespace, BLOB_DATA, key, start + number) for number in range(count)]
        blob = b"".join(chunk.value for chunk in chunks if chunk is not None)
        if None in chunks or len(blob) != size:
            raise NvsError(NOT_FOUND)
        return blob

    def set_i32(self, namespace: int, key: str, value: int) -> None:
        self._check_key(key)
        data = struct.pack("<i4s", value, b"\xff" * 4)
        old = self._find(namespace, I32, key)
        if old is None or old.value != data:
            self._append(namespace, I32, 0xFF, key, data)
            self._forget_all(namespace, key, except_type=I32)

    def set_blob(self, namespace: int, key: str, value: bytes) -> None:
        self._check_key(key)
        if len(value) > LONGEST_BLOB:
            raise NvsError(TOO_LONG)
        try:
            if self.get_blob(namespace, key) == value:
                return
        except NvsError:
            pass
        old = self._find(namespace, BLOB_INDEX, key)
        # Chunk numbers alternate between two ranges: the old blob stays whole until the new index is written.
        start = 0x80 if old is not None and old.value[5] == 0 else 0
        self._append_blob_chunk(namespace, start, key, value)
        self._append(namespace, BLOB_INDEX, 0xFF, key, struct.pack("<IBBH", len(value), 1, start, 0xFFFF))
        self._forget_all(namespace, key, except_type=BLOB_INDEX, except_chunk=start)

    def erase_key(self, namespace: int, key: str) -> None:
        if not self._forget_all(namespace, key, except_type=None):
            raise NvsError(NOT_FOUND)

    # entries

    def _find(self, namespace: int, kind: int, key: str, chunk: int = 0xFF) -> _Entry | None:
        for entry in reversed(self._entries):
            if (entry.namespace, entry.type, entry.key, entry.chunk) == (namespace, kind, key, chunk):
                return entry
        return None

    def _append(self, namespace: int, kind: int, chunk: int, key: str, value: bytes, data: bytes = b"") -> None:
        span = 1 + (len(data) + 31) // 32
        page, index = self._room_for(span)
        head = struct.pack("<BBBB", namespace, kind, span, chunk)
        tail = key.encode().ljust(16, b"\0") + value
        crc = zlib.crc32(head + tail, 0xFFFFFFFF)
        at = page + _FIRST_ENTRY + 32 * index
        self._program(at, head + struct.pack("<I", crc) + tail)
        if data:
            self._program(at + 32, data + b"\xff" * (-len(data) % 32))
        self._mark(page, index, span, _WRITTEN)
        old = [e for e in self._entries if (e.namespace, e.type, e.key, e.chunk) == (namespace, kind, key, chunk)]
        self._entries.append(_Entry(page, index, namespace, kind, span, chunk, key, data if kind == BLOB_DATA else value))
        for entry in old:
            self._forget(entry)

    def _append_blob_chunk(self, namespace: int, chunk: int, key: str, data: bytes) -> None:
        value = struct.pack("<HHI", len(data), 0xFFFF, zlib.crc32(data, 0xFFFFFFFF))
        self._append(namespace, BLOB_DATA, chunk, key, value, data)

    def _forget_all(self, namespace: int, key: str, except_type: int | None, except_chunk: int = -1) -> bool:
        def goes(entry: _Entry) -> bool:
            if (entry.namespace, entry.key) != (namespace, key) or entry.type == except_type:
                return False
            return not (entry.type == BLOB_DATA and entry.chunk == except_chunk)

        going = sorted((e for e in self._entries if goes(e)), key=lambda e: e.type != BLOB_INDEX)
        for entry in going:
            self._forget(entry)
        return bool(going)

    def _forget(self, entry: _Entry) -> None:
        self._entries.remove(entry)
        self._mark(entry.page, entry.index, entry.span, _ERASED)

    # pages

    def _room_for(self, span: int) -> tuple[int, int]:
        """Where the next entry goes, opening another page when the active one is too full for it."""
        active = [page for page in self._pages if self._state(page) == _ACTIVE]
        for page in active:
            index = self._first_free(page)
            if index + span <= _ENTRIES:
                return page, index
            self._program(page, struct.pack("<I", _FULL))
        return self._new_page(span)

    def _new_page(self, span: int) -> tuple[int, int]:
        empty = [page for page in self._pages if self._state(page) == 0xFFFFFFFF]
        if not empty:
            raise NvsError(NO_SPACE)
        # Round and round, as ESP-IDF's list of free pages works out: no page wears faster than another.
        last = max((p for p in self._pages if p not in empty), key=self._sequence, default=self._pages[-1])
        page = min(empty, key=lambda p: (p - last) % (len(self._pages) * SECTOR))
        self._open(page)
        if len(empty) == 1:  # one page always stays free: move the live entries of the emptiest one here
            full = [p for p in self._pages if self._state(p) in (_FULL, _FREEING)]
            live = {p: sum(e.span for e in self._entries if e.page == p) for p in full}
            source = min(live, key=lambda p: (live[p], self._sequence(p)))
            if live[source] + span > _ENTRIES:
                raise NvsError(NO_SPACE)
            self._program(source, struct.pack("<I", _FREEING))
            self._empty(source)
        return page, self._first_free(page)

    def _empty(self, page: int) -> None:
        """Move what lives in a page elsewhere and erase it; also what a power cut interrupted at that."""
        for entry in [e for e in self._entries if e.page == page]:
            if self._find(entry.namespace, entry.type, entry.key, entry.chunk) is entry:
                self._move(entry)
            else:
                self._entries.remove(entry)  # it had been moved already
        self.seconds += self._flash.erase(page)

    def _open(self, page: int) -> None:
        if self._flash.read(page, SECTOR).strip(b"\xff"):
            self.seconds += self._flash.erase(page)
        used = [self._sequence(p) for p in self._pages if self._state(p) in (_ACTIVE, _FULL, _FREEING)]
        body = struct.pack("<IB19s", max(used, default=-1) + 1, _VERSION_2, b"\xff" * 19)
        self._program(page, struct.pack("<I", _ACTIVE) + body + struct.pack("<I", zlib.crc32(body, 0xFFFFFFFF)))

    def _move(self, entry: _Entry) -> None:
        page, index = self._room_for(entry.span)
        source = entry.page + _FIRST_ENTRY + 32 * entry.index
        self._program(page + _FIRST_ENTRY + 32 * index, self._flash.read(source, 32 * entry.span))
        self._mark(page, index, entry.span, _WRITTEN)
        entry.page, entry.index = page, index

    def _state(self, page: int) -> int:
        state, *_ = struct.unpack("<I", self._flash.read(page, 4))
        if state == 0xFFFFFFFF:
            return 0xFFFFFFFF
        body = self._flash.read(page + 4, 28)
        return int(state) if zlib.crc32(body[:24], 0xFFFFFFFF) == struct.unpack("<I", body[24:])[0] else 0xFFFFFFFF

    def _sequence(self, page: int) -> int:
        return int(struct.unpack("<I", self._flash.read(page + 4, 4))[0])

    def _entry_state(self, page: int, index: int) -> int:
        return self._flash.read(page + 32 + index // 4, 1)[0] >> index % 4 * 2 & 3

    def _first_free(self, page: int) -> int:
        """After the last entry that is not empty. One whose state bits a power cut kept from being written counts too."""
        for index in range(_ENTRIES - 1, -1, -1):
            used = self._entry_state(page, index) != 0b11
            if used or self._flash.read(page + _FIRST_ENTRY + 32 * index, 32) != b"\xff" * 32:
                return index + 1
        return 0

    def _load(self, page: int) -> None:
        index = 0
        while index < _ENTRIES:
            raw = self._flash.read(page + _FIRST_ENTRY + 32 * index, 32)
            namespace, kind, span, chunk, crc = struct.unpack_from("<BBBBI", raw)
            intact = zlib.crc32(raw[:4] + raw[8:], 0xFFFFFFFF) == crc and 0 < span <= _ENTRIES - index
            if self._entry_state(page, index) != _WRITTEN or not intact:
                index += 1
                continue
            key, value = raw[8:24].split(b"\0")[0].decode("ascii", "replace"), raw[24:]
            if kind == BLOB_DATA:
                length, _, data_crc = struct.unpack("<HHI", value)
                value = self._flash.read(page + _FIRST_ENTRY + 32 * (index + 1), length)
                intact = zlib.crc32(value, 0xFFFFFFFF) == data_crc
            if intact:
                self._entries.append(_Entry(page, index, namespace, kind, span, chunk, key, value))
            index += span

    def _mark(self, page: int, index: int, span: int, state: int) -> None:
        """Set the two state bits of each entry, one 32-bit word of them at a time."""
        for word in range(index // 16, (index + span - 1) // 16 + 1):
            bits = 0xFFFFFFFF
            for number in range(max(index, word * 16), min(index + span, word * 16 + 16)):
                bits &= ~((3 & ~state) << number % 16 * 2)
            self._program(page + 32 + 4 * word, struct.pack("<I", bits & 0xFFFFFFFF))

    def _program(self, at: int, data: bytes) -> None:
        self.seconds += self._flash.program(at, data)

    def _check_key(self, key: str) -> None:
        if not 0 < len(key) <= 15:
            raise NvsError(KEY_TOO_LONG)
