"""One of the two list partitions: a base, and behind it the deltas that follow it."""

from firmware.terminal.list_file import COMPLETE, MOST_SECTORS, ListFile, sectors
from protocol.list_header import ListDamaged, ListError, WrongListKey
from protocol.member_list import MemberList


class NoRoom(ListError):
    """The file does not fit the partition."""


class ListStore:
    """``buffer``: see `MemberList`; both partitions share it.

    members: the `MemberList` stored here, None without a complete one · fault: the `ListError` why it can't be used · begun:
    (list id, version) of a base not complete yet · is_damaged: a lookup met damage · is_cramped: a delta found no room.
    """

    def __init__(self, partition, buffer):
        self.partition = partition
        self.buffer = buffer
        self._size = min(partition.ioctl(4, 0), MOST_SECTORS)
        self._keys = {}
        self.forget()

    def forget(self):
        """The base is about to be overwritten."""
        self.members = None
        self.fault = None
        self.begun = None
        self.is_damaged = False
        self.is_cramped = False
        self.files = []  # base and deltas in use, oldest first

    def mount(self, keys):
        """Find what is stored; ``keys``: list id → 32-byte list key."""
        self._keys = keys
        base = ListFile(self.partition, 0)
        if base.state != COMPLETE:
            if base.is_open:
                self.begun = base.list_id, base.version
            return
        try:
            files = self._chain(base)
        except ListError as error:
            self.fault = error
            return
        # Bits that a power cut left half programmed would read one way now and another after the next restart.
        files[-1].program_state(COMPLETE)
        self.use(files)

    def use(self, files):
        """Answer from these complete files (a base and its deltas, oldest first) from now on."""
        self.forget()
        self.files = files
        try:
            self.members = self.opened(files)
        except ListError as error:
            self.fault = error

    def keys_changed(self, keys):
        """Take other keys: what could not be read may be readable now."""
        self._keys = keys
        if self.files:
            self.use(self.files)

    def opened(self, files):
        """The `MemberList` of a base and its deltas (`ListFile`s, oldest first); raises as `MemberList` does."""
        key = self._keys.get(files[0].list_id)
        if key is None:
            raise WrongListKey("no key for list %d" % files[0].list_id)
        members = MemberList(self.partition, key, files[0].at, self.buffer)
        for delta in files[1:]:
            members.extend(delta.at)
        return members

    def upto(self, version):
        """The files in use up to that version; none when it is not among them."""
        files = [file for file in self.files if file.version <= version]
        return files if files and files[-1].version == version else []

    def place(self, length):
        """The first sector for a delta of ``length`` bytes: free of what is in use. `NoRoom` when there is none."""
        count = sectors(length)
        sector = 0
        for file in sorted(self.files, key=lambda file: file.sector):
            if sector + count <= file.sector:
                break
            sector = file.end
        self.check(sector + count)
        return sector

    def check(self, end):
        """`NoRoom` when a file that ends before sector ``end`` does not fit."""
        if end > self._size:
            raise NoRoom("a list of %d sectors in %d" % (end, self._size))

    def _chain(self, base):
        found = {base.version: base}
        sector = base.end
        while sector < self._size:
            file = ListFile(self.partition, sector)
            sector += 1
            if file.state == COMPLETE and file.base_tag == base.tag:
                found[file.version] = file
                sector = file.end
        chain = [found[max(found)]]
        while chain[0] is not base:
            parent = found.get(chain[0].parent)
            if parent is None or parent.version >= chain[0].version:
                raise ListDamaged("version %d of the list is missing" % chain[0].parent)
            chain.insert(0, parent)
        return chain


def age(store):
    """What orders stores from the oldest list to the newest; none at all is the oldest, of two alike the damaged one."""
    header = store.members.header if store.members else None
    return (header.month, header.version, not store.is_damaged) if header else (0, 0, False)
