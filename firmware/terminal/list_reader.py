"""Answers from the stored member lists. Loaded for a check, and forgotten after."""

from firmware.terminal.list_file import HEAD, SECTOR
from firmware.terminal.list_place import newest
from protocol.list_header import ListDamaged, ListError, ListMissing, OutsideList, WrongListKey
from protocol.member_list import MemberList


class ListReader:
    """``partitions``: the two of them, as `esp32.Partition` · ``places``: their `ListPlace`s · ``keys``: list id → 32-byte list
    key · ``buffer``: see `Section`."""

    def __init__(self, partitions, places, keys, buffer):
        self._partitions = partitions
        self._places = places
        self._keys = keys
        self._buffer = buffer
        self._opened = None  # (sectors, MemberList) of the last one

    def lookup(self, month, number):
        """(tier code, Unix time a trial ends or 0) of ``number`` (int) in ``month`` (YYYYMM), None when it is not on the list.

        `ListMissing`, `ListDamaged`, `WrongListKey`: there is no answer; `OutsideList`: only the centre has one.
        """
        while True:
            place = newest(self._places, month)
            if place is None:
                raise self._fault(month)
            try:
                return self._open(place).lookup(number)
            except ListDamaged:
                if place.is_damaged:
                    raise
                place.is_damaged = True  # the other partition may hold the same version whole

    def answer(self, month, number):
        """(fault or None, outside, tier code or None, ends) of ``number`` (int), as the verdict chain takes them."""
        try:
            found = self.lookup(month, number)
        except OutsideList:
            return None, True, None, 0
        except ListMissing:
            return "list_missing", False, None, 0
        except ListError:
            return "list_damaged", False, None, 0
        return (None, False, found[0], found[1]) if found else (None, False, None, 0)

    def _open(self, place):
        opened = self._opened
        if opened is None or opened[0] != (place, place.sectors):
            list_id = place.status.list_id
            key = self._keys.get(list_id)
            if key is None:
                raise WrongListKey("no key for list %d" % list_id)
            at = [sector * SECTOR + HEAD for sector in place.sectors]
            members = MemberList(self._partitions[self._places.index(place)], key, at[0], self._buffer)
            for delta in at[1:]:
                members.extend(delta)
            self._opened = opened = (place, place.sectors), members
        return opened[1]

    def _fault(self, month):
        for place in self._places:
            if place.is_broken:
                return ListDamaged("a list that does not hang together")
            if place.sectors and not place.status:
                return WrongListKey("no key for a list that is here")
        return ListMissing("no list for %d" % month)
