"""The settings the centre has published for this terminal: merchant, offers, tiers, grace, list ages. Kept across restarts.

They are stored as they came, but with the tag in front, so that a damaged file is told from a genuine one whenever it is read. In
memory stays only what is asked between customers; offers and tiers are read anew for each (`catalogue`).
"""

import os

from firmware.terminal import overlay
from protocol import messages

_FILE = "settings"
_REST = 600  # turns of `keep`, one a second
_CATALOGUE = "firmware.terminal.catalogue"
_RULES = "firmware.terminal.settings_rules"


class Settings:
    """``folder`` is where the file lies; ``key`` and ``topic`` prove it genuine; ``epoch`` is the journal's: where the terminal
    was moved to other hardware, this one is suspended."""

    def __init__(self, folder, key, topic, epoch=0xFFFF):
        self._path = folder + "/" + _FILE
        self._key = key
        self._topic = topic
        self.epoch = epoch
        self.damaged = False
        self._unkept = None
        self._rest = 0
        self.version = 0
        self.suspended = False
        self.merchant_id = ""
        self.pin = ""
        self.cashiers = b""  # their numbers
        self.grace_hours = 0
        self.list_age = {}
        self.list_keys = {}
        try:
            self._take(self._fields())
        except OSError:
            pass  # the first start: nothing has been published to this terminal yet
        except ValueError:
            self.damaged = True

    def receive(self, payload):
        """Take a ``settings`` payload; True when it is news. `ValueError` when it can't be used.

        It counts at once; `keep` puts it on flash.
        """
        if not self.receive_body(messages.untagged(self._key, self._topic, payload)):
            return False
        self._unkept = payload
        return True

    def keep(self):
        """Write what came last to flash (50 ms, to be done when no key is pressed); whether there was anything.

        Until then a power cut leaves the settings of before; the broker has the new ones.
        """
        if self._unkept is None:
            return False
        if self._rest:
            self._rest -= 1
            return False
        try:
            # A rename is atomic in littlefs: a power cut leaves the old settings or the new ones.
            with open(self._path + ".new", "wb") as file:
                file.write(self._unkept[-messages.TAG_BYTES :])
                file.write(memoryview(self._unkept)[: -messages.TAG_BYTES])
            os.rename(self._path + ".new", self._path)
        except OSError:
            self._rest = _REST  # a file system that takes nothing: they serve from memory
            return True
        self._unkept = None
        self.damaged = False
        return True

    def receive_body(self, body):
        """Take the body of a ``settings`` message without keeping it; True when it is news. Raises as `receive`."""
        return self._take(messages.decode("settings", body))

    def _take(self, fields):
        if not self.damaged and fields["version"] <= self.version:
            return False
        try:
            overlay.load(_RULES).take(self, fields)
        finally:
            overlay.drop(_RULES, _CATALOGUE)
        return True

    def catalogue(self):
        """The `Catalogue` of offers and tiers, an empty one without usable settings. Whoever asks drops its module again."""
        return overlay.load(_CATALOGUE).Catalogue(self._read() or {"offers": (), "tiers": ()})

    def cashier_of(self, proof):
        """The number of the cashier whose PIN gives ``proof``, 0 for nobody's; None when the settings cannot be read."""
        fields = self._read()
        number = fields and overlay.load(_RULES).cashier_of(fields, proof)
        overlay.drop(_RULES, _CATALOGUE)
        return number

    def _read(self):
        if self.version:  # else what lies on flash, if anything, has been refused
            try:
                return self._fields()
            except (OSError, ValueError):
                self.damaged = True

    def _fields(self):
        if self._unkept:
            return messages.decode("settings", messages.untagged(self._key, self._topic, self._unkept))
        with open(self._path, "rb") as file:
            return messages.read(self._key, self._topic, "settings", file)
