"""The member list as a terminal reads it: exact, keyed, two flash reads for the base and two for each delta.

A number is permuted by FF1, found in its bucket, and answered with its class. Nothing here grows with the list.
"""

from protocol.ff1 import FF1
from protocol.list_header import GONE, OutsideList, check_base, check_delta, permutation_key, read
from protocol.list_section import BUFFER_BYTES, Section


class MemberList:
    """A base and the deltas stored behind it. ``partition``: ``readblocks(block, buf, offset)``, blocks of 4096 bytes ·
    ``list_key``: 32 bytes · ``at``: the base's first byte. `ListMissing`, `ListDamaged` or `WrongListKey` when it can't be used.
    """

    def __init__(self, partition, list_key, at=0, buffer=None):
        self._partition = partition
        self._key = list_key
        self._buffer = buffer or bytearray(BUFFER_BYTES)
        header = self.header = self._base_header = check_base(read(partition, at, list_key))
        self._base = Section(partition, at, header, self._buffer)
        self._deltas = []
        self._ff1 = FF1(permutation_key(list_key, header.list_id, header.month), header.size)
        self._scope()

    def extend(self, at):
        """Read the delta at byte ``at`` and answer by it from now on; `ListDamaged` unless it follows what is here."""
        header = check_delta(read(self._partition, at, self._key), self.header, self._base_header)
        self._deltas.append(Section(self._partition, at, header, self._buffer))
        self.header = header
        self._scope()

    @property
    def deltas(self):
        """How many deltas stand behind the base."""
        return len(self._deltas)

    def find(self, number):
        """The class index of ``number`` (int) in the base alone, None when it is not there; raises as `lookup`."""
        return self._base.find(*self._place(number))[0]

    def lookup(self, number):
        """(tier code, Unix time a trial ends or 0) of ``number`` (int), None when it is not in the list.

        `OutsideList` when no prefix of the list fits, `ListDamaged` when the flash does not hold what the centre built.
        """
        bucket, rest = self._place(number)
        index, rank = self._base.find(bucket, rest)
        row = None if index is None else self._base.class_row(index)
        for delta in reversed(self._deltas):
            change = delta.change(bucket, rest, rank)
            if change:
                row = change
                break
        return None if row is None or row[0] == GONE else row

    def _place(self, number):
        """(bucket, place within the bucket) where ``number`` stands if it is in the list."""
        text = str(number)
        for length in self._lengths:
            if "," + text[:length] + "," in self._prefixes:
                break
        else:
            if self._lengths:
                raise OutsideList("no prefix of the list fits")
        header = self._base_header
        value = number - header.first
        if not 0 <= value < header.size:
            raise OutsideList("not a number of the list's universe")
        value = self._ff1.encrypt(value)
        if header.precision:
            value >>= header.precision
        return value // header.width, value % header.width

    def _scope(self):
        text = self.header.prefixes
        self._prefixes = "," + text + ","
        self._lengths = sorted(set(len(prefix) for prefix in text.split(",") if prefix))
