"""The identity's namespace in NVS: blobs and 32-bit integers, all that `esp32.NVS` keeps."""

import esp32

_LONGEST = 256


class Nvs:
    """One namespace. A missing entry is None: the boot code erases NVS on some faults, so take nothing here for granted."""

    def __init__(self, namespace):
        self._nvs = esp32.NVS(namespace)

    def blob(self, key):
        """The bytes under ``key`` (at most 15 characters), or None."""
        room = bytearray(_LONGEST)
        try:
            return bytes(room[: self._nvs.get_blob(key, room)])
        except OSError:
            return None

    def text(self, key):
        """The text under ``key``, "" when there is none."""
        blob = self.blob(key)
        return blob.decode() if blob else ""

    def number(self, key):
        """The integer under ``key``, or None."""
        try:
            return self._nvs.get_i32(key)
        except OSError:
            return None

    def set_number(self, key, value):
        """Store a 32-bit ``value``; it is on flash when this returns."""
        self._nvs.set_i32(key, value)
        self._nvs.commit()

    def next_epoch(self, above):
        """An epoch greater than ``above`` and than any before. It is on flash when this returns, so that it is never used twice,
        whatever happens to the journal's flash."""
        epoch = max(self.number("epoch") or 0, above) + 1
        self.set_number("epoch", epoch)
        return epoch
