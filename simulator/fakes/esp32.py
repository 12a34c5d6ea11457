"""esp32 as on the ESP32: Partition over the bench's NOR flash, and NVS in its own partition there.

Reads go straight to the flash file, writes and erases through the host, which takes a flash's time for them and can
cut the power at any one. Not imitated: OTA selection, app partitions that run, encryption, Partition block sizes but
4096, ULP, RMT, wake-up sources.
"""

import struct

from _bench import call, _fetch, flash

_BLOCK = const(4096)


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, label, block_size=4096):
        if label in (0, 1):
            label = "factory"
        for row in _rows():
            if row[4] == label:
                self._take(row)
                return
        raise OSError(2)

    def _take(self, row):
        self._at = row[2]
        self._size = row[3]

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=4096):
        found = []
        for row in _rows():
            if row[0] == type and subtype in (0xFF, row[1]) and label in (None, row[4]):
                part = object.__new__(Partition)
                part._take(row)
                found.append(part)
        return found

    def info(self):
        # Read anew: kept, it would take heap that a board's Partition does not.
        for row in _rows():
            if row[2] == self._at:
                return row

    def _place(self, block, offset, length):
        at = block * _BLOCK + offset
        if at < 0 or at + length > self._size:
            raise OSError(-258)  # ESP_ERR_INVALID_ARG, as esp_partition_read answers
        return self._at + at

    def readblocks(self, block, buf, offset=0):
        flash.seek(self._place(block, offset, len(buf)))
        flash.readinto(buf)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            at = self._place(block, 0, len(buf))
            call(5, at, len(buf))
        else:
            at = self._place(block, offset, len(buf))
        call(6, at, 0, buf)

    def ioctl(self, cmd, arg):
        if cmd == 4:
            return self._size // _BLOCK
        if cmd == 5:
            return _BLOCK
        if cmd == 6:
            call(5, self._place(arg, 0, _BLOCK), _BLOCK)
        return 0 if cmd in (1, 2, 3, 6) else None


def _rows():
    """What `info()` tells of each entry of the partition table in flash."""
    entry = bytearray(32)
    for i in range(95):
        flash.seek(0x8000 + 32 * i)
        flash.readinto(entry)
        magic, kind, subtype, at, size, name, flags = struct.unpack("<HBBII16sI", entry)
        if magic != 0x50AA:
            break
        yield kind, subtype, at, size, name.rstrip(b"\0").decode(), bool(flags & 1)


def __getattr__(name):
    if name == "NVS":
        return _fetch("_nvs", name)
    raise AttributeError(name)
