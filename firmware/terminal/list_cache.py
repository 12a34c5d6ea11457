"""The cached member list as checks ask it, and its renewal while the terminal works.

Offers come by the retained ``list`` message; `list_update` takes them in.
"""

import asyncio
import struct

from firmware.terminal import overlay
from firmware.terminal.member_lists import MemberLists
from protocol.list_header import ListError, ListMissing, OutsideList
from protocol.list_key import ListKeyError, unwrap
from protocol.month import month_of

_UPDATE = "firmware.terminal.list_update"
_CHUNK_HEAD = "<III"
_CHUNK_HEAD_BYTES = 12
_OFFERS = 4
_HOUR_S = 3600


class ListCache:
    """``partitions``: the two of them · ``send(name, body) -> bool`` reaches the centre · ``quiet_ms()``: how long no key was
    touched · ``http``: (resolver, address of the centre, Authorization), address "" where only the broker can be reached."""

    def __init__(self, partitions, key, settings, clock, send, quiet_ms, http):
        self._key = key
        self._settings = settings
        self._clock = clock
        self._send = send
        self._quiet_ms = quiet_ms
        self._http = http
        self._lists = MemberLists(partitions, self._keys())
        self._offers = []
        self._confirmed = {}  # list id → when the centre last offered nothing newer than what is here
        self._wake = asyncio.Event()
        self._chunk = None
        self._wanted = None
        self._came = asyncio.Event()
        self.refused = 0

    # What checks ask

    def state(self, month, now):
        """(version, age in seconds) of the list for ``month``; (0, 0) without one.

        A list is as old as the centre's last word that it is current.
        """
        status = self._lists.status(month)
        if status is None:
            return 0, 0
        return status.version, max(0, now - max(status.created, self._confirmed.get(status.list_id, 0)))

    def is_past(self, stage, age, tier=None):
        """Whether a list of ``age`` seconds is past the centre's threshold for a tier (name): ``warn``, ``ask`` or ``refuse``."""
        ages = self._settings.list_age
        hours = ages.get("%s_hours.%s" % (stage, tier)) or ages.get(stage + "_hours")
        return type(hours) is int and age > hours * _HOUR_S

    def look_up(self, month, number):
        """(fault or None, outside, tier code or None, ends) of ``number`` (int)."""
        try:
            found = self._lists.lookup(month, number)
        except OutsideList:
            return None, True, None, 0
        except ListMissing:
            return "list_missing", False, None, 0
        except ListError:
            return "list_damaged", False, None, 0
        return (None, False, found[0], found[1]) if found else (None, False, None, 0)

    # What the terminal says of it

    def now(self):
        """(version, age in seconds, members) of this month's list; zeros without one."""
        now = self._clock.now()
        status = now is not None and self._lists.status(month_of(now))
        return self.state(month_of(now), now) + (status.count,) if status else (0, 0, 0)

    # What the courier hears

    def keys_changed(self):
        """Settings have brought other list keys."""
        self._lists.keys_changed(self._keys())
        self._wake.set()

    def hear_offer(self, fields):
        """A ``list`` message."""
        self._offers = [o for o in self._offers if o["list"] != fields["list"] or o["kind"] != fields["kind"]][-_OFFERS + 1 :]
        self._offers.append(fields)
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
                offer = self._offers.pop(0)
                try:
                    await self._take(offer)
                except ListError:
                    # The old list stays; the centre offers again when the terminal next says hello.
                    self.refused += 1

    def _keys(self):
        keys = {}
        for name in self._settings.list_keys:
            try:
                keys[int(name)] = unwrap(self._key, self._settings.list_keys[name])
            except (ListKeyError, ValueError):
                pass  # a list without its key says so when it is asked
        return keys

    async def _take(self, offer):
        now = self._clock.now()
        if now is None:
            return
        done = True
        if self._lists.is_news(offer, month_of(now)):
            update = overlay.load(_UPDATE)
            transfer = update.Transfer(self._http, self._ask, self._came, self._taken, self._quiet_ms)
            try:
                done = await transfer.take(self._lists.receive(offer, month_of(now)), offer)
            finally:
                overlay.drop(_UPDATE)
        if done:
            self._confirmed[offer["list"]] = now

    def _ask(self, body, wanted):
        self._wanted = wanted
        self._send("fetch", body)

    def _taken(self):
        chunk, self._chunk = self._chunk, None
        return memoryview(chunk)[_CHUNK_HEAD_BYTES:]
