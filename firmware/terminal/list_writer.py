"""Writes a member-list file to flash while the terminal goes on serving: one erase, one program or one read a step.

Nothing of the list in use is touched. The new file counts from the moment its state says complete, which is the last
thing programmed, after digest and MAC have been verified from flash.
"""

from binascii import unhexlify
from hashlib import sha256

from firmware.terminal.list_file import COMPLETE, HEAD, PAGE, SECTOR, VOID, ListFile, entry_of, sectors
from protocol.list_header import ListDamaged, ListError, WrongListKey

# What the next step does: an erase takes 45 ms and should wait for a quiet keypad; data is the caller's to fetch.
_PIECE_BYTES = 1024
ERASE, WRITE, DATA, CHECK, DONE = "erase", "write", "data", "check", "done"


class ListWriter:
    """``store``: the `ListStore` it goes to · ``offer``: the fields of a ``list`` message.

    next: what the next `step` does · offset: of the first byte wanted, also right after a restart · length: of the file.
    """

    def __init__(self, store, offer):
        self._store = store
        self._offer = offer
        self.length = offer["bytes"]
        self._digest = unhexlify(offer["sha256"])
        self._is_base = offer["kind"] == "base"
        sector = 0 if self._is_base else store.room(self.length)
        store.check(sector + sectors(self.length))
        self._entry = entry_of(
            self.length, offer["list"], offer["version"], offer["base"], self._digest, 0 if self._is_base else store.files[0].tag
        )
        self._file = ListFile(store.partition, sector)
        self._resumed = self._file.is_begun(self._entry)
        self.offset = self._file.written(self.length) if self._resumed else 0
        self._data = b""
        self._steps = self._write()
        self.next = next(self._steps)

    def feed(self, data):
        """Hand over the bytes from `offset` on (any number of them, not to be changed until `next` is `DATA` again)."""
        self._data = memoryview(data)[: self.length - self.offset]

    def step(self):
        """Do one thing; what is `next`. `ListDamaged` when the file is not the one announced or not genuine: it is void, the old
        list stays; `WrongListKey` when its key is not there yet: it stays as it is, and can be verified once it is."""
        self.next = DONE
        self.next = next(self._steps, DONE)
        return self.next

    def _write(self):
        file = self._file
        if not self._resumed:
            if self._is_base:
                self._store.forget()
            # Whatever the file covers ends here, so that no head ever stands before bytes that are not its own any more.
            for sector in range(file.sector, file.sector + (1 if self._is_base else sectors(self.length))):
                old = ListFile(self._store.partition, sector)
                if old.state == COMPLETE:
                    yield WRITE
                    old.program_state(VOID)
            yield ERASE
            file.erase(0)
        yield WRITE
        file.program_entry(self._entry)
        index = (HEAD + self.offset) // SECTOR
        if self._resumed and file.is_erased(index) and index:
            yield WRITE
            file.mark_erased(index)
        while self.offset < self.length:
            index, inside = divmod(HEAD + self.offset, SECTOR)
            if not inside and not file.is_erased(index):
                yield ERASE
                file.erase(index)
                yield WRITE
                file.mark_erased(index)
            while not self._data:
                yield DATA
            yield WRITE
            count = min(PAGE - self.offset % PAGE, len(self._data))
            file.program(self.offset, self._data[:count])
            self._data = self._data[count:]
            self.offset += count
        try:
            for _ in self._verify():
                yield CHECK
        except WrongListKey:
            raise
        except ListError:
            yield WRITE
            file.program_state(VOID)
            raise
        yield WRITE
        file.program_state(COMPLETE)
        self._store.use(self._files())

    def _files(self):
        """What will be in use once this file is complete."""
        before = [] if self._is_base else self._store.upto(self._offer["base"])
        return before + [ListFile(self._store.partition, self._file.sector)]

    def _verify(self):
        """Digest, MAC and what the header says, read back from flash."""
        offer = self._offer
        file = self._file
        header = self._store.header(self._files())
        said = (header.list_id, header.month, header.version, header.parent, header.total_bytes)
        if said != (offer["list"], offer["month"], offer["version"], offer["base"], self.length):
            raise ListDamaged("not the list that was announced")
        whole = sha256()
        content = sha256()
        for at in range(0, self.length, _PIECE_BYTES):
            yield
            part = memoryview(self._store.buffer)[: min(_PIECE_BYTES, self.length - at)]
            file.read(at, part)
            whole.update(part)
            if at + len(part) > header.header_bytes:
                content.update(part[max(0, header.header_bytes - at) :])
        if whole.digest() != self._digest or content.digest() != header.digest:
            raise ListDamaged("digest of the list does not match")
