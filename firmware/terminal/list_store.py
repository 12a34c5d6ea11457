"""One of the two list partitions: a base, and behind it the deltas that follow it."""

from collections import namedtuple

from firmware.terminal.list_file import COMPLETE, MOST_SECTORS, ListFile, sectors
from protocol.list_header import ListDamaged, ListError, WrongListKey, check_base, check_delta, read

# version and created (Unix seconds) are those of the newest delta, count is how many numbers it leaves on the list.
ListStatus = namedtuple("ListStatus", ("month", "list_id", "version", "created", "count", "deltas"))


class NoRoom(ListError):
    """The file does not fit the partition."""


class ListStore:
    """``buffer``: `BUFFER_BYTES` that both partitions share · ``place``: the `ListPlace` that says what is here, kept up to date.

    begun: (list id, version) of a base not complete yet · files: base and deltas in use, oldest first.
    """

    def __init__(self, partition, buffer, place):
        self.partition = partition
        self.buffer = buffer
        self.place = place
        self._size = min(partition.ioctl(4, 0), MOST_SECTORS)
        self._keys = {}
        self.begun = None
        self.files = []

    def forget(self):
        """The base is about to be overwritten."""
        self.place.forget()
        self.begun = None
        self.files = []

    def mount(self, keys):
        """Find what is stored, or take the place's word for it; ``keys``: list id → 32-byte list key."""
        self._keys = keys
        place = self.place
        base = ListFile(self.partition, 0)
        if base.state != COMPLETE:
            place.sectors = []
            if base.is_open:
                self.begun = base.list_id, base.version
            return
        known = place.sectors
        try:
            files = self._chain(base) if known is None else [ListFile(self.partition, sector) for sector in known]
        except ListError:
            place.sectors = []
            place.is_broken = True
            return
        if known is None:
            # Bits that a power cut left half programmed would read one way now and another after the next restart.
            files[-1].program_state(COMPLETE)
            self.use(files)
        else:
            self.files = files

    def use(self, files):
        """Answer from these complete files (a base and its deltas, oldest first) from now on."""
        self.forget()
        self.files = files
        self.place.sectors = [file.sector for file in files]
        self.look()

    def header(self, files):
        """The newest `ListHeader` of a base and its deltas (`ListFile`s, oldest first); raises as `list_header.read`."""
        key = self._keys.get(files[0].list_id)
        if key is None:
            raise WrongListKey("no key for list %d" % files[0].list_id)
        header = base = check_base(read(self.partition, files[0].at, key))
        for delta in files[1:]:
            header = check_delta(read(self.partition, delta.at, key), header, base)
        return header

    def look(self):
        """Read what the files in use say of themselves, into the place's status."""
        if not self.files:
            return
        try:
            header = self.header(self.files)
        except WrongListKey:
            self.place.status = None
            return
        except ListError:
            self.place.status = None
            self.place.is_broken = True
            return
        self.place.status = ListStatus(
            header.month, header.list_id, header.version, header.created, header.count, len(self.files) - 1
        )

    def upto(self, version):
        """The files in use up to that version; none when it is not among them."""
        files = [file for file in self.files if file.version <= version]
        return files if files and files[-1].version == version else []

    def room(self, length):
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
