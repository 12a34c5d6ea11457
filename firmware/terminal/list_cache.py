"""The cached member list: what the terminal knows of it at any time, its opening for a check, its renewal while at work.

The code that reads lists is loaded for as long as a customer or an update needs it. Offers come by the retained ``list`` message;
`list_update` takes them in.
"""

import asyncio
import struct

from firmware.terminal import overlay
from firmware.terminal.list_place import ListPlace, newest
from protocol.month import month_of

# In the order of loading.
_READER = ("protocol.list_key", "firmware.terminal.list_reader")
_STORES = ("protocol.list_key", "firmware.terminal.member_lists")
_UPDATE = "firmware.terminal.list_update"
_HTTP = "firmware.terminal.http_range"
_CHUNK_HEAD = "<III"
_CHUNK_HEAD_BYTES = 12
_OFFERS = 4
_HOUR_S = 3600
_LOOK_AGAIN_MS = 500


class ListCache:
    """``partitions``: the two of them · ``send(name, body) -> bool`` reaches the centre · ``quiet_ms()``: how long no key was
    touched · ``buffer``: 1,028 bytes or more that nobody else uses between two awaits · ``http``: (resolver, address of the
    centre, Authorization), address "" where only the broker can be reached."""

    def __init__(self, partitions, key, settings, clock, send, quiet_ms, buffer, http):
        self._partitions = partitions
        self._key = key
        self._settings = settings
        self._clock = clock
        self._send = send
        self._quiet_ms = quiet_ms
        self._buffer = buffer
        self._http = http
        self._places = ListPlace(), ListPlace()
        self._offers = []
        self._confirmed = {}  # list id → when the centre last offered nothing newer than what is here
        self._wake = asyncio.Event()
        self._chunk = None
        self._wanted = None
        self._came = asyncio.Event()
        self.is_busy = False  # with a customer: an update waits
        self.refused = 0
        self._stores()
        overlay.drop(*_STORES)

    async def find(self, month, number):
        """(fault or None, outside, tier code or None, ends) of ``number`` (int) on the list for ``month``, as the chain asks."""
        try:
            await overlay.bring(*_READER)
            return self._answer(month, number)
        except MemoryError:
            return "list_missing", False, None, 0  # an update has not made room yet; online, the centre answers all the same
        finally:
            overlay.drop(*_READER)

    def state(self, month, now):
        """(version, age in seconds, members) of the list for ``month``; zeros without one.

        A list is as old as the centre's last word that it is current.
        """
        place = newest(self._places, month)
        if place is None:
            return 0, 0, 0
        status = place.status
        proved = max(status.created, self._confirmed.get(status.list_id, 0))
        return status.version, max(0, now - proved), status.count

    def now(self):
        """The `state` of this month's list."""
        now = self._clock.now()
        return (0, 0, 0) if now is None else self.state(month_of(now), now)

    def is_past(self, stage, age, tier=None):
        """Whether a list of ``age`` seconds is past the centre's threshold for a tier (name): ``warn``, ``ask`` or ``refuse``."""
        ages = self._settings.list_age
        hours = ages.get("%s_hours.%s" % (stage, tier)) or ages.get(stage + "_hours")
        return type(hours) is int and age > hours * _HOUR_S

    def _answer(self, month, number):
        # A function of its own: what a coroutine has in its hands stays there after its end.
        keys = overlay.load(_READER[0]).unwrapped(self._key, self._settings.list_keys)
        return overlay.load(_READER[1]).ListReader(self._partitions, self._places, keys, self._buffer).answer(month, number)

    # What the courier hears

    def keys_changed(self):
        """Settings have brought other list keys: what could not be read may be readable now."""
        self._offers.append(None)
        self._wake.set()

    def hear_offer(self, fields):
        """A ``list`` message."""
        self._offers = [o for o in self._offers if not o or o["list"] != fields["list"] or o["kind"] != fields["kind"]]
        self._offers = self._offers[-_OFFERS + 1 :] + [fields]
        self._wake.set()

    def hear_chunk(self, body):
        """A ``chunk`` message: where it belongs, then the bytes."""
        if len(body) >= _CHUNK_HEAD_BYTES and struct.unpack_from(_CHUNK_HEAD, body) == self._wanted:
            self._chunk = body
            self._came.set()

    async def run(self):
        """Take in what is offered, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._offers:
                # Heap and loop are the customer's while there is one; flash remembers how far an update came.
                if self.is_busy:
                    await asyncio.sleep_ms(_LOOK_AGAIN_MS)
                    continue
                offer = self._offers.pop(0)
                try:
                    await self._take(offer)
                except MemoryError:
                    self._offers.insert(0, offer)
                    await asyncio.sleep_ms(_LOOK_AGAIN_MS)

    async def _take(self, offer):
        now = self._clock.now()
        month = now and month_of(now)
        wanted = self._begin(offer, month)
        if wanted is None:
            # The old list stays; the centre offers again when the terminal next says hello.
            self.refused += 1
        elif wanted == ():
            self._confirmed[offer["list"]] = now
        elif wanted:
            # One after the other, for all of it together would be more than the heap has.
            line = await self._by_http(offer, *wanted)
            await overlay.bring(*_STORES)
            try:
                done = await self._transfer(offer, month, line and (line,) + wanted)
            except (OSError, asyncio.TimeoutError):
                done = False
                self._offers.insert(0, offer)
            finally:
                overlay.drop(_UPDATE, *_STORES)
                if line:
                    line[0].close()
            if done:
                self._confirmed[offer["list"]] = now
            elif done is None:
                self.refused += 1
            elif self.is_busy:
                self._offers.insert(0, offer)  # it goes on when the customer has gone

    def _begin(self, offer, month):
        """(offset, length) of what is to be fetched, () when nothing is new, None when the offer is of no use, False when there
        is nothing to do. Here and in `_transfer`, not where it is awaited: what a coroutine holds stays there after its end."""
        lists = self._stores()
        try:
            if offer is None:
                lists.look_again()
                return False
            if month is None:
                return False
            return overlay.load(_UPDATE).missing(lists, offer, month) if lists.is_news(offer, month) else ()
        finally:
            overlay.drop(_UPDATE, *_STORES)

    def _transfer(self, offer, month, by_http):
        update = overlay.load(_UPDATE)
        pages = update.Pages(*by_http) if by_http else None
        transfer = update.Transfer(pages, self._ask, self._came, self._taken, self._quiet_ms, self._is_busy)
        return transfer.take(self._stores(), month, offer)

    async def _by_http(self, offer, offset, length):
        """What `http_range.begin` gives, None where that does not work."""
        resolver, address, authorization = self._http
        if not address:
            return None
        try:
            return await overlay.load(_HTTP).begin(resolver, address + offer["path"], authorization, offset, length)
        except (Exception, asyncio.TimeoutError):
            return None
        finally:
            overlay.drop(_HTTP, "firmware.terminal.dial", "requests")

    def _stores(self):
        keys = overlay.load(_STORES[0]).unwrapped(self._key, self._settings.list_keys)
        return overlay.load(_STORES[1]).MemberLists(self._partitions, self._places, keys, self._buffer)

    def _is_busy(self):
        return self.is_busy

    def _ask(self, body, wanted):
        self._wanted = wanted
        self._send("fetch", body)

    def _taken(self):
        chunk, self._chunk = self._chunk, None
        return memoryview(chunk)[_CHUNK_HEAD_BYTES:]
