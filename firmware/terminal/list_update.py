"""Taking in a member list while the terminal works. Loaded for the occasion and forgotten after.

Bytes are fetched by HTTP range, or in chunks through the broker, one request in flight, and written one flash operation a turn,
so that neither a key nor a check ever waits for an update. What interrupts it costs nothing: flash remembers how far it came.
"""

import asyncio

from firmware.terminal.list_file import PAGE
from firmware.terminal.list_place import age
from firmware.terminal.list_store import NoRoom
from firmware.terminal.list_writer import DATA, DONE, ERASE, ListWriter
from protocol import messages
from protocol.list_header import ListError, ListMissing

_CHUNK_BYTES = 512
_ANSWER_MS = 3_000
_TRIES = 5
_QUIET_MS = 300
_STALL_MS = 5_000
_LOOK_MS = 100


def receive(lists, offer, month):
    """The `ListWriter` for an ``offer`` that is news to ``lists`` (`MemberLists`).

    ``month`` is the current one: its list is not overwritten. `ListMissing`: the delta's base has to come first; `NoRoom`: it
    does not fit, and if it is a delta, receiving the base once more makes room.
    """
    return ListWriter(_free(lists, offer, month), offer) if offer["kind"] == "base" else _extended(lists, offer)


def _free(lists, offer, month):
    """The store to overwrite: where this very file has been begun, else the oldest that the current month does not need."""
    in_use = lists.of(month)
    best = None
    for store in lists.stores:
        if store is in_use:
            continue
        if store.begun == (offer["list"], offer["version"]):
            return store
        if best is None or age(store.place) < age(best.place):
            best = store
    return best


def _extended(lists, offer):
    error = ListMissing("version %d of list %d has to come first" % (offer["base"], offer["list"]))
    for store in lists.stores:
        status = store.place.status
        if status and status.list_id == offer["list"] and store.upto(offer["base"]):
            try:
                return ListWriter(store, offer)
            except NoRoom as full:
                store.place.is_cramped = True
                error = full
    raise error


def missing(lists, offer, month):
    """(offset, length) of what an ``offer`` that is news still lacks; None when it is of no use."""
    try:
        writer = receive(lists, offer, month)
    except ListError:
        return None
    return writer.offset, writer.length - writer.offset


class Pages:
    """What comes by a connection that `http_range.begin` has begun: ``length`` bytes of a file, from ``offset`` on."""

    def __init__(self, begun, offset, length):
        self._line, self._buffer, self._begin, self._end = begun
        self._at = offset
        self._left = length

    async def read(self, within):
        """The next bytes, up to the end of a page, there until the next read; b"" when no more come (``within``: `Transfer`)."""
        size = min(PAGE - self._at % PAGE, self._left)
        buffer = self._buffer
        while size > self._end - self._begin:
            if self._begin + size > len(buffer):
                self._end -= self._begin
                buffer[: self._end] = bytes(buffer[self._begin : self._begin + self._end])
                self._begin = 0
            got = await within(lambda: self._line.some(buffer[self._end :]), _STALL_MS)
            if not got:
                return b""
            self._end += got
        piece = buffer[self._begin : self._begin + size]
        self._begin += size
        self._at += size
        self._left -= size
        return piece


class Transfer:
    """For ``cache`` (`ListCache`): while it is busy nothing is taken in. ``pages``: by HTTP, None where only the broker can be
    reached."""

    def __init__(self, cache, pages):
        self._cache = cache
        self._pages = pages

    async def take(self, lists, month, offer):
        """Take in what is offered to ``lists`` (`MemberLists`) in ``month``; whether it came to its end, None when it was of no
        use. `OSError`: HTTP broke off, and flash remembers how far it came."""
        try:
            writer = receive(lists, offer, month)
            while writer.next != DONE:
                if self._cache.is_busy:
                    return False
                if writer.next == DATA:
                    data = await (
                        self._pages.read(self.within) if self._pages else self._chunks(offer, writer.offset, writer.length)
                    )
                    if not data:
                        return False
                    writer.feed(data)
                while writer.next == ERASE and self._cache.quiet_ms() < _QUIET_MS and not self._cache.is_busy:
                    await asyncio.sleep_ms(50)
                erased = writer.next == ERASE
                writer.step()
                # After an erase the keypad gets time for what it could not see meanwhile.
                await asyncio.sleep_ms(20 if erased else 0)
            return True
        except ListError:
            return None

    async def _chunks(self, offer, offset, length):
        """Through the broker; b"" when the centre has none or cannot be reached."""
        wanted = offer["list"], offer["version"], offset
        size = min(_CHUNK_BYTES, length - offset)
        body = messages.encode("fetch", list=offer["list"], version=offer["version"], offset=offset, length=size)
        for _ in range(_TRIES):
            self._cache.came.clear()
            self._cache.fetch(body, wanted)
            if await self.within(self._cache.came.wait, _ANSWER_MS):
                return self._cache.fetched()
            if self._cache.is_busy:
                break
        return b""

    async def within(self, step, ms):
        """What ``step()`` gives within ``ms``; None when it gives nothing, or a customer comes: the check needs the heap."""
        for _ in range(ms // _LOOK_MS):
            if self._cache.is_busy:
                break
            try:
                return await asyncio.wait_for_ms(step(), _LOOK_MS)
            except asyncio.TimeoutError:
                pass
