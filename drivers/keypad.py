"""A key matrix on GPIOs: rows driven open-drain, columns read with pull-ups."""

import asyncio
from time import sleep_us, ticks_add, ticks_diff, ticks_ms

from machine import Pin
from micropython import const

from drivers.contacts import Contacts, keys_of

_SCAN_MS = const(3)
_HOLD_MS = const(1000)
# A released row rises through a column's pull-up: 45 kOhm (ESP32 datasheet) into some 200 pF of keypad and cable is 9 us.
_SETTLE_US = const(20)
# A spark on the wires is shorter than this; a finger is not.
_AGAIN_US = const(1_000)
_QUIET_MS = const(60_000)
_EVENTS = const(64)
_HOLD = const(0x80)


class Keypad:
    """`rows` and `columns` are GPIO numbers (columns need a pull-up: GPIO 34 to 39 of the ESP32 have none); `layout` is a
    string a row.

    Digits act on the press, so every key gives ("press", key) at once; a key still down 1,000 ms later gives ("hold", key) once.
    """

    def __init__(self, rows, columns, layout):
        # Open drain: a row is pulled low or let go, so two keys in one column never short a high output to a low one.
        self._rows = [Pin(n, Pin.OPEN_DRAIN, value=0) for n in rows]
        self._columns = [Pin(n, Pin.IN, Pin.PULL_UP) for n in columns]
        self._keys = "".join(layout)
        self._contacts = Contacts()
        self._reading = [0] * len(rows)
        self._ring = bytearray(_EVENTS)
        self._first = 0
        self._count = 0
        self._ready = asyncio.Event()
        self._touched = ticks_ms()
        self._held = None
        self._since = 0
        self.lost = 0

    async def get(self):
        """The next event, oldest first. One task may wait here."""
        while not self._count:
            self._ready.clear()
            await self._ready.wait()
        event = self._ring[self._first]
        self._first = (self._first + 1) % _EVENTS
        self._count -= 1
        return ("hold" if event & _HOLD else "press", self._keys[event & ~_HOLD])

    def quiet_ms(self):
        """How long no key has been touched; at most about 60,000 (the tick counter wraps within days)."""
        return ticks_diff(ticks_ms(), self._touched)

    async def run(self):
        """Scan for ever, every 3 ms. Idle, that is one reading of the columns with all rows low; a scan takes under 0.5 ms, twice
        that and a pause of 1 ms when a new key shows.

        A press of 60 ms is never lost: with contacts that settle within 5 ms, a display turn of 5 ms and a flash erase of 45 ms
        on top of the interval, the gap between two scans still ends before the press does.
        """
        last = ticks_ms()
        while True:
            now = ticks_ms()
            mask = 0
            if self._any():
                self._touched = now
                mask = self._look()
            elif ticks_diff(now, self._touched) > _QUIET_MS:
                self._touched = ticks_add(now, -_QUIET_MS)
            self._accept(self._contacts.feed(mask, ticks_diff(now, last)), now)
            if mask is None:
                # Which keys are down is a guess now: no hold on a guess.
                self._held = None
            self._watch_held(now)
            last = now
            await asyncio.sleep_ms(_SCAN_MS)

    def _look(self):
        mask = self._scan()
        if mask and mask & ~self._contacts.down:
            sleep_us(_AGAIN_US)
            again = self._scan()
            return None if again is None else mask & again
        return mask

    def _any(self):
        for column in self._columns:
            if not column.value():
                return True
        return False

    def _scan(self):
        for row in self._rows:
            row.value(1)
        for index, row in enumerate(self._rows):
            row.value(0)
            sleep_us(_SETTLE_US)
            bits = 0
            for bit, column in enumerate(self._columns):
                if not column.value():
                    bits |= 1 << bit
            self._reading[index] = bits
            row.value(1)
        for row in self._rows:
            row.value(0)
        return keys_of(self._reading, len(self._columns))

    def _accept(self, pressed, now):
        key = 0
        while pressed:
            if pressed & 1:
                self._held = key
                self._since = now
                self._push(key)
            pressed >>= 1
            key += 1

    def _watch_held(self, now):
        # The key pressed last is the one a finger rests on.
        if self._held is None:
            return
        if not self._contacts.down >> self._held & 1:
            self._held = None
        elif ticks_diff(now, self._since) >= _HOLD_MS:
            self._push(self._held | _HOLD)
            self._held = None

    def _push(self, event):
        if self._count == _EVENTS:
            self.lost += 1
            return
        self._ring[(self._first + self._count) % _EVENTS] = event
        self._count += 1
        self._ready.set()
