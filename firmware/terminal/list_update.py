"""Taking in a member list while the terminal works. Loaded for the occasion and forgotten after.

Bytes are fetched by HTTP range, or in chunks through the broker, one request in flight, and written one flash operation a turn,
so that neither a key nor a check ever waits for an update. What interrupts it costs nothing: flash remembers how far it came.
"""

import asyncio

from firmware.terminal import overlay
from firmware.terminal.list_place import age
from firmware.terminal.list_store import NoRoom
from firmware.terminal.list_writer import DATA, DONE, ERASE, ListWriter
from protocol import messages
from protocol.list_header import ListError, ListMissing

_CHUNK_BYTES = 1024
_ANSWER_MS = 3_000
_TRIES = 5
_QUIET_MS = 300
_HTTP = "firmware.terminal.http_range"


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


class Transfer:
    """``http``: (resolver, address of the centre, Authorization), address "" where only the broker can be reached · ``ask(body,
    wanted)`` sends a ``fetch``, and ``answer`` (Event) is set once ``chunk()`` has what was wanted · ``quiet_ms()``: how long no
    key was touched · ``is_busy()``: whether to stop, and go on another time."""

    def __init__(self, http, ask, answer, chunk, quiet_ms, is_busy):
        self._http = http
        self._range = None
        self._ask = ask
        self._answer = answer
        self._chunk = chunk
        self._quiet_ms = quiet_ms
        self._is_busy = is_busy

    async def take(self, lists, month, offer):
        """Take in what is offered to ``lists`` (`MemberLists`) in ``month``; whether it came to its end, None when it was of no
        use."""
        try:
            writer = receive(lists, offer, month)
            while writer.next != DONE:
                if self._is_busy():
                    return False
                if writer.next == DATA:
                    data = await self._fetch(offer, writer.offset, writer.length)
                    if not data:
                        return False
                    writer.feed(data)
                while writer.next == ERASE and self._quiet_ms() < _QUIET_MS and not self._is_busy():
                    await asyncio.sleep_ms(50)
                erased = writer.next == ERASE
                writer.step()
                # After an erase the keypad gets time for what it could not see meanwhile.
                await asyncio.sleep_ms(20 if erased else 0)
            return True
        except ListError:
            return None
        finally:
            self._hang_up()

    async def _fetch(self, offer, offset, length):
        """The next bytes, by HTTP or else through the broker; b"" when there are none to be had."""
        http = overlay.load(_HTTP) if self._http[1] else None
        try:
            if http:
                if self._range is None:
                    resolver, address, authorization = self._http
                    self._range = http.HttpRange(address + offer["path"], authorization, offset, length - offset)
                    await self._range.open(resolver)
                return await self._range.read()
        except (OSError, asyncio.TimeoutError, http.RangeError, MemoryError):
            self._http = None, "", ""  # what does not work now is not tried again for each piece
            http = None
            self._hang_up()
        return await self._chunks(offer, offset, length)

    def _hang_up(self):
        if self._range:
            self._range.close()
            self._range = None
        overlay.drop(_HTTP, "firmware.terminal.dial", "requests")

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
