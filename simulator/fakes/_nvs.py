"""esp32.NVS over the bench's `nvs` partition, which the host reads and writes."""

import struct

from _bench import call


class NVS:
    def __init__(self, namespace):
        self._ns = call(20, 0, 0, namespace.encode())

    def set_i32(self, key, value):
        call(21, self._ns, value, key.encode())

    def get_i32(self, key):
        return struct.unpack("<i", call(22, self._ns, 0x14, key.encode()))[0]

    def set_blob(self, key, value):
        key = key.encode()
        call(23, self._ns, len(key), key + value)

    def get_blob(self, key, buffer):
        got = call(22, self._ns, 0x42, key.encode())
        if got == 0:
            return 0
        if len(got) > len(buffer):
            raise OSError(-4364)  # ESP_ERR_NVS_INVALID_LENGTH
        buffer[: len(got)] = got
        return len(got)

    def erase_key(self, key):
        call(24, self._ns, 0, key.encode())

    def commit(self):
        call(25, self._ns)
