"""The member lists of a terminal: this month's, next month's ahead of the 1st, and a newer one while it arrives.

Two partitions; whichever the current month needs is never written to, but for deltas behind its base.
"""

from collections import namedtuple

from firmware.terminal import overlay
from firmware.terminal.list_store import ListStore, age
from protocol.list_header import ListDamaged, ListMissing
from protocol.list_section import BUFFER_BYTES

# version and created (Unix seconds) are those of the newest delta, count is how many numbers it leaves on the list.
ListStatus = namedtuple("ListStatus", ("list_id", "version", "created", "count", "deltas", "damaged"))


class MemberLists:
    """``partitions``: the two of them, as `esp32.Partition` · ``keys``: list id → 32-byte list key."""

    def __init__(self, partitions, keys):
        buffer = bytearray(BUFFER_BYTES)
        self.stores = tuple(ListStore(partition, buffer) for partition in partitions)
        for store in self.stores:
            store.mount(keys)

    def keys_changed(self, keys):
        """Take other list keys: a list that could not be read may be readable now."""
        for store in self.stores:
            store.keys_changed(keys)

    def lookup(self, month, number):
        """(tier code, Unix time a trial ends or 0) of ``number`` (int) in ``month`` (YYYYMM), None when it is not on the list.

        `ListMissing`, `ListDamaged`, `WrongListKey`: there is no answer; `OutsideList`: only the centre has one.
        """
        while True:
            store = self._required(month)
            try:
                return store.members.lookup(number)
            except ListDamaged:
                if store.is_damaged:
                    raise
                store.is_damaged = True  # the other partition may hold the same version whole

    def status(self, month):
        """The `ListStatus` of the list for ``month``, None without one."""
        store = self.of(month)
        if store is None:
            return None
        header = store.members.header
        return ListStatus(header.list_id, header.version, header.created, header.count, store.members.deltas, store.is_damaged)

    def receive(self, offer, month):
        """The `ListWriter` that takes in what a ``list`` message (its fields) offers, None when that is no news.

        ``month`` is the current one: its list is not overwritten. `ListMissing`: the delta's base has to come first;
        `NoRoom`: it does not fit, and if it is a delta, receiving the base once more makes room.
        """
        return overlay.load("firmware.terminal.list_update").receive(self, offer, month) if self.is_news(offer, month) else None

    def is_news(self, offer, month):
        """Whether there is something to receive."""
        if offer["month"] < month:
            return False
        store = self.of(offer["month"])
        if store is None:
            return True
        header = store.members.header
        if header.list_id != offer["list"] or header.version < offer["version"]:
            return True
        return offer["kind"] == "base" and (store.is_damaged or store.is_cramped)

    def of(self, month):
        """The store with the newest complete list for ``month``, or None."""
        found = [store for store in self.stores if store.members and store.members.header.month == month]
        return max(found, key=age) if found else None

    def _required(self, month):
        store = self.of(month)
        if store:
            return store
        for store in self.stores:
            if store.fault:
                raise store.fault.__class__(store.fault.args[0])
        raise ListMissing("no list for %d" % month)
