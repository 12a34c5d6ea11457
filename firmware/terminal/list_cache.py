"""The cached member list: what the terminal knows of it at any time, its opening for a check, its renewal while at work.

The code that reads lists is loaded for as long as a customer or an update needs it. Offers come by the retained ``list`` message;
`list_intake` takes them in.
"""

import asyncio
import struct

from firmware.terminal import overlay
from firmware.terminal.list_place import ListPlace, newest
from protocol.month import month_of

# In the order of loading.
_READER = ("protocol.list_key", "firmware.terminal.list_reader")
STORES = ("protocol.list_key", "firmware.terminal.member_lists")
_INTAKE = "firmware.terminal.list_intake"
_CHUNK_HEAD = "<III"
_CHUNK_HEAD_BYTES = 12
_OFFERS = 4
_HOUR_S = 3600
_LOOK_AGAIN_MS = 500


class ListCache:
    """``partitions``: the two of them · ``send(name, body) -> bool`` reaches the centre · ``quiet_ms()``: how long no key was
    touched · ``buffer``: 1,028 bytes or more that nobody else uses between two awaits · ``http``: (resolver, address of the
    centre, our name there), address "" where only the broker can be reached."""

    def __init__(self, partitions, key, settings, clock, send, quiet_ms, buffer, http):
        self._partitions = partitions
        self.key = key
        self._settings = settings
        self.clock = clock
        self._send = send
        self.quiet_ms = quiet_ms
        self._buffer = buffer
        self.http = http
        self._places = ListPlace(), ListPlace()
        self.offers = []
        self.confirmed = {}  # list id → when the centre last offered nothing newer than what is here
        self._wake = asyncio.Event()
        self._chunk = None
        self._wanted = None
        self.came = asyncio.Event()
        self.is_busy = False  # with a customer: an update waits
        self.refused = 0
        self.stores()  # which fills in the places
        overlay.drop(*STORES)

    async def find(self, month, number):
        """(fault or None, outside, tier code or None, ends) of ``number`` (int) on the list for ``month``, as the chain asks."""
        try:
            await overlay.bring(*_READER)
            return self._answer(month, number)
        except MemoryError:
            return "list_missing", False, None, 0  # an update has not made room yet; online, the centre answers all the same
        finally:
            overlay.drop(*_READER)

    def forget(self):
        """Forget what `find` has loaded, when it was cancelled and may not have noticed yet."""
        overlay.drop(*_READER)

    def state(self, month, now):
        """(version, age in seconds, members) of the list for ``month``; zeros without one.

        A list is as old as the centre's last word that it is current.
        """
        place = newest(self._places, month)
        if place is None:
            return 0, 0, 0
        status = place.status
        proved = max(status.created, self.confirmed.get(status.list_id, 0))
        return status.version, max(0, now - proved), status.count

    def now(self):
        """The `state` of this month's list."""
        now = self.clock.now()
        return (0, 0, 0) if now is None else self.state(month_of(now), now)

    def is_past(self, stage, age, tier=None):
        """Whether a list of ``age`` seconds is past the centre's threshold for a tier (name): ``warn``, ``ask`` or ``refuse``."""
        ages = self._settings.list_age
        hours = ages.get("%s_hours.%s" % (stage, tier)) or ages.get(stage + "_hours")
        return type(hours) is int and age > hours * _HOUR_S

    def _answer(self, month, number):
        # A function of its own: what a coroutine has in its hands stays there after its end.
        keys = overlay.load(_READER[0]).unwrapped(self.key, self._settings.list_keys)
        return overlay.load(_READER[1]).ListReader(self._partitions, self._places, keys, self._buffer).answer(month, number)

    # What the courier hears

    def keys_changed(self):
        """Settings have brought other list keys: what could not be read may be readable now."""
        self.offers.append(None)
        self._wake.set()

    def hear_offer(self, fields):
        """A ``list`` message."""
        self.offers = [o for o in self.offers if not o or o["list"] != fields["list"] or o["kind"] != fields["kind"]]
        self.offers = self.offers[-_OFFERS + 1 :] + [fields]
        self._wake.set()

    def hear_chunk(self, body):
        """A ``chunk`` message: where it belongs, then the bytes."""
        if len(body) >= _CHUNK_HEAD_BYTES and struct.unpack_from(_CHUNK_HEAD, body) == self._wanted:
            self._chunk = body
            self.came.set()

    async def run(self):
        """Take in what is offered, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.offers:
                # Heap and loop are the customer's while there is one; flash remembers how far an update came.
                if self.is_busy:
                    await asyncio.sleep_ms(_LOOK_AGAIN_MS)
                    continue
                offer = self.offers.pop(0)
                try:
                    await overlay.load(_INTAKE).take(self, offer)
                except MemoryError:
                    self.offers.insert(0, offer)
                    await asyncio.sleep_ms(_LOOK_AGAIN_MS)
                finally:
                    overlay.drop(_INTAKE)

    def stores(self):
        """The `MemberLists` in both partitions; whoever asks drops `STORES` again."""
        keys = overlay.load(STORES[0]).unwrapped(self.key, self._settings.list_keys)
        return overlay.load(STORES[1]).MemberLists(self._partitions, self._places, keys, self._buffer)

    def fetch(self, body, wanted):
        """Ask the centre for the piece ``wanted``: (list, version, offset)."""
        self._wanted = wanted
        self._send("fetch", body)

    def fetched(self):
        """The bytes that came."""
        chunk, self._chunk = self._chunk, None
        return memoryview(chunk)[_CHUNK_HEAD_BYTES:]
