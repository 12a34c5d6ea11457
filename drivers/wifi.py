"""The Wi-Fi station: joins, watches, and joins again, without ever holding the loop."""

import asyncio
import os
from time import ticks_add, ticks_diff, ticks_ms

import network
from micropython import const

# `WLAN.status()` of the ESP32 port while it is still trying; other codes than this and 1010 (address obtained) are causes.
_CONNECTING = const(1001)
_JOIN_MS = const(15_000)
_WATCH_MS = const(250)
_PAUSE_MS = const(2_000)
_PAUSE_MAX_MS = const(60_000)


class Wifi:
    """One network name and its key. `cause` is why the last try failed: a `WLAN.status()` code (200 signal lost, 201 no such
    network, 202 wrong key, 203 refused, 204 handshake timed out, 1001 no answer within 15 s), or None."""

    def __init__(self):
        self._nic = network.WLAN(network.STA_IF)
        self._name = None
        self.cause = None

    def start(self, ssid, psk):
        """Switch the radio on. Before the loop starts: this takes some 100 ms on an ESP32."""
        self._name = (ssid, psk)
        self._nic.active(True)
        # The port's own reconnecting cannot be paused, and a second connect() meanwhile raises: we do all of it.
        self._nic.config(reconnects=0)
        # A sleeping radio hears an answer only at the next beacon, up to 100 ms late; the terminal has mains power.
        self._nic.config(pm=0)

    def connected(self):
        return self._nic.isconnected()

    def name(self):
        """The network's, as people know it."""
        return self._name[0]

    def rssi(self):
        """Signal in dBm, None when not connected."""
        return self._nic.status("rssi") if self.connected() else None

    def dns(self):
        """The name server's address as text."""
        return self._nic.ifconfig()[3]

    async def run(self):
        """Stay joined, for ever: try, watch, part, pause (1 to 2 s, doubling up to 60, with jitter), try again."""
        pause = _PAUSE_MS
        while True:
            if await self._join():
                pause = _PAUSE_MS
                self.cause = None
                while self._nic.isconnected():
                    await asyncio.sleep_ms(_WATCH_MS)
            self.cause = self._nic.status()
            self._part()
            await asyncio.sleep_ms(pause // 2 + pause // 2 * os.urandom(1)[0] // 256)
            pause = min(pause * 2, _PAUSE_MAX_MS)

    async def _join(self):
        try:
            self._nic.connect(*self._name)
        except OSError:
            return False
        deadline = ticks_add(ticks_ms(), _JOIN_MS)
        while not self._nic.isconnected():
            if self._nic.status() != _CONNECTING or ticks_diff(deadline, ticks_ms()) <= 0:
                return False
            await asyncio.sleep_ms(_WATCH_MS)
        return True

    def _part(self):
        try:
            self._nic.disconnect()
        except OSError:
            pass  # Not joined: nothing to part from.
