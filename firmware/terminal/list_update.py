"""Taking in a member list while the terminal works. Loaded for the occasion and forgotten after.

Bytes are fetched by HTTP range, or in chunks through the broker, one request in flight, and written one flash operation a turn,
so that neither a key nor a check ever waits for an update. What interrupts it costs nothing: flash remembers how far it came.
"""

import asyncio

from firmware.terminal import overlay
from firmware.terminal.list_store import NoRoom, age
from firmware.terminal.list_writer import DATA, DONE, ERASE, ListWriter
from protocol import messages
from protocol.list_header import ListMissing

_CHUNK_BYTES = 1024
_RANGE_BYTES = 1024
_ANSWER_MS = 3_000
_TRIES = 5
_QUIET_MS = 300
_HTTP = "firmware.terminal.http_range"


def receive(lists, offer, month):
    """The `ListWriter` for an ``offer`` that is news to ``lists`` (`MemberLists`); see `MemberLists.receive`."""
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
        if best is None or age(store) < age(best):
            best = store
    return best


def _extended(lists, offer):
    error = ListMissing("version %d of list %d has to come first" % (offer["base"], offer["list"]))
    for store in lists.stores:
        if store.members and store.members.header.list_id == offer["list"] and store.upto(offer["base"]):
            try:
                return ListWriter(store, offer)
            except NoRoom as full:
                store.is_cramped = True
                error = full
    raise error


class Transfer:
    """``http``: (resolver, address of the centre, Authorization), address "" where only the broker can be reached · ``ask(body,
    wanted)`` sends a ``fetch``, and ``answer`` (Event) is set once ``chunk()`` has what was wanted · ``quiet_ms()``: how long no
    key was touched."""

    def __init__(self, http, ask, answer, chunk, quiet_ms):
        self._http = http
        self._ask = ask
        self._answer = answer
        self._chunk = chunk
        self._quiet_ms = quiet_ms

    async def take(self, writer, offer):
        """Carry ``writer`` through; whether it came to its end. Raises as `ListWriter.step`."""
        try:
            while writer.next != DONE:
                if writer.next == DATA:
                    data = await self._fetch(offer, writer.offset, writer.length)
                    if not data:
                        return False
                    writer.feed(data)
                while writer.next == ERASE and self._quiet_ms() < _QUIET_MS:
                    await asyncio.sleep_ms(50)
                erased = writer.next == ERASE
                writer.step()
                # After an erase the keypad gets time for what it could not see meanwhile.
                await asyncio.sleep_ms(20 if erased else 0)
            return True
        finally:
            overlay.drop(_HTTP)
            overlay.drop("requests")

    async def _fetch(self, offer, offset, length):
        return await self._range(offer, offset, length) or await self._chunks(offer, offset, length)

    async def _range(self, offer, offset, length):
        """By HTTP; b"" where that does not work."""
        resolver, address, authorization = self._http
        if not address:
            return b""
        http = overlay.load(_HTTP)
        try:
            return await http.fetch(resolver, address + offer["path"], authorization, offset, min(_RANGE_BYTES, length - offset))
        except (OSError, asyncio.TimeoutError, http.RangeError, MemoryError):
            return b""

    async def _chunks(self, offer, offset, length):
        """Through the broker; b"" when the centre has none or cannot be reached."""
        wanted = offer["list"], offer["version"], offset
        size = min(_CHUNK_BYTES, length - offset)
        body = messages.encode("fetch", list=offer["list"], version=offer["version"], offset=offset, length=size)
        for _ in range(_TRIES):
            self._answer.clear()
            self._ask(body, wanted)
            try:
                await asyncio.wait_for_ms(self._answer.wait(), _ANSWER_MS)
                return self._chunk()
            except asyncio.TimeoutError:
                pass
        return b""
