"""Member lists as a test wants them: received and read at any time, where a terminal loads one or the other."""

from firmware.terminal import list_update
from firmware.terminal.list_place import ListPlace, newest
from firmware.terminal.list_reader import ListReader
from firmware.terminal.member_lists import MemberLists
from protocol.list_section import BUFFER_BYTES


class ReadLists:
    """``partitions``: the two of them · ``keys``: list id → 32-byte list key."""

    def __init__(self, partitions, keys):
        self._partitions = partitions
        self._buffer = bytearray(BUFFER_BYTES)
        self.places = ListPlace(), ListPlace()
        self._open(keys)

    def _open(self, keys):
        self.lists = MemberLists(self._partitions, self.places, keys, self._buffer)
        self.lookup = ListReader(self._partitions, self.places, keys, self._buffer).lookup

    def keys_changed(self, keys):
        self._open(keys)
        self.lists.look_again()

    def receive(self, offer, month):
        return list_update.receive(self.lists, offer, month) if self.lists.is_news(offer, month) else None

    def status(self, month):
        place = newest(self.places, month)
        return place and place.status

    def is_damaged(self, month):
        return newest(self.places, month).is_damaged
