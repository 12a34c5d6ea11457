"""ROM file systems as `vfs.VfsRom` mounts them (format: MicroPython's extmod/vfs_rom.c), with an open end.

The last file may be left out: its bytes are then what is mapped behind the image. That is how the firmware's process gets
the flash as a stream over memory, which neither allocates nor calls the system when it is read.
"""

from __future__ import annotations

MAGIC = b"\xd2\xcd\x31"
PAGE = 4096
_PADDING, _DATA, _DIRECTORY, _FILE = 1, 2, 4, 5


def number(value: int, width: int = 1) -> bytes:
    """A number of seven bits a byte, most significant first, in at least `width` bytes."""
    digits = [value & 0x7F]
    while value > 0x7F or len(digits) < width:
        value >>= 7
        digits.insert(0, value & 0x7F | 0x80)
    return bytes(digits)


def _record(kind: int, payload: bytes) -> bytes:
    return number(kind) + number(len(payload)) + payload


def _name(text: str) -> bytes:
    return number(len(text)) + text.encode()


def _records(files: dict[str, bytes]) -> bytes:
    folders: dict[str, dict[str, bytes]] = {}
    records = b""
    for path, content in sorted(files.items()):
        folder, _, rest = path.partition("/")
        if rest:
            folders.setdefault(folder, {})[rest] = content
        else:
            records += _record(_FILE, _name(path) + _record(_DATA, content))
    for folder, inner in folders.items():
        records += _record(_DIRECTORY, _name(folder) + _records(inner))
    return records


def open_ended(files: dict[str, bytes], last: str, last_size: int) -> bytes:
    """An image of whole 4 KiB pages holding `files` (path → bytes), behind which the file `last` is to be mapped."""
    data_head = number(_DATA) + number(last_size)
    body = _name(last) + data_head
    tail = number(_FILE) + number(len(body) + last_size) + body
    records = _records(files)
    head = len(MAGIC) + 5
    padding = -(head + len(records) + 6 + len(tail)) % PAGE
    records += number(_PADDING) + number(padding, 5) + bytes(padding) + tail
    return MAGIC + number(len(records) + last_size, 5) + records
