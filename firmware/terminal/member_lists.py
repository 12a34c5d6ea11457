"""The member lists of a terminal: this month's, next month's ahead of the 1st, and a newer one while it arrives.

Two partitions; whichever the current month needs is never written to, but for deltas behind its base. Reading them for a check
is `list_reader`'s.
"""

from firmware.terminal.list_place import newest
from firmware.terminal.list_store import ListStore


class MemberLists:
    """``partitions``: the two of them, as `esp32.Partition` · ``places``: their `ListPlace`s, kept up to date · ``keys``: list id
    → 32-byte list key · ``buffer``: see `ListStore`."""

    def __init__(self, partitions, places, keys, buffer):
        self.stores = [ListStore(partition, buffer, place) for partition, place in zip(partitions, places)]
        self._places = places
        for store in self.stores:
            store.mount(keys)

    def look_again(self):
        """With other list keys than when the places were last looked at, what could not be read may be readable."""
        for store in self.stores:
            store.look()

    def is_news(self, offer, month):
        """Whether a ``list`` message (its fields) offers something to receive, in ``month``."""
        if offer["month"] < month:
            return False
        place = newest(self._places, offer["month"])
        if place is None:
            return True
        status = place.status
        if status.list_id != offer["list"] or status.version < offer["version"]:
            return True
        return offer["kind"] == "base" and (place.is_damaged or place.is_cramped)

    def of(self, month):
        """The store with the newest complete list for ``month``, or None."""
        place = newest(self._places, month)
        return place and self.stores[self._places.index(place)]
