"""The Wi-Fi station and the one access point within its reach.

Joining takes 200 ms and a vain search a second, quicker than most boards; a vanished access point is noticed half a second
later (a real one by its missing beacons after six). Reasons are ESP-IDF's: 200 beacon timeout, 201 no such network, 202
wrong key.

Not imitated: signal that weakens, roaming, channels, encryption modes, DHCP taking its time.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from simulator import page as shared
from simulator.calls import DONE, Answer, Handler
from simulator.firmware_process import Call
from simulator.page import Page
from simulator.timeline import Timeline, Timer

ACTIVE, CONNECT, DISCONNECT, STATUS, RECONNECTS, RSSI = range(30, 36)
IDLE, CONNECTING, GOT_IP = 1000, 1001, 1010
BEACON_TIMEOUT, NO_AP_FOUND, WRONG_KEY = 200, 201, 202


class Radio:
    """`changed` is called with True when the station has joined and got its address, False when it lost it."""

    def __init__(self, page: Page, timeline: Timeline, changed: Callable[[bool], None]) -> None:
        self._page = page
        self._timeline = timeline
        self._changed = changed
        self.in_reach = True
        self.accepts: tuple[str, str] | None = None
        """Name and key of the network; None lets every name and key in."""
        self.join_ms, self.search_ms, self.beacon_ms = 200, 1000, 500
        self.rssi = -58
        self._timer: Timer | None = None
        self.status = IDLE
        self.lose_power()

    def handlers(self) -> dict[int, Handler]:
        return {
            ACTIVE: self._active,
            CONNECT: self._connect,
            DISCONNECT: self._disconnect,
            STATUS: lambda _call: Answer(self.status),
            RECONNECTS: self._reconnects_are,
            RSSI: lambda _call: Answer(self.rssi + 200),  # a negative answer would be an error
        }

    @property
    def joined(self) -> bool:
        return self.status == GOT_IP

    @property
    def passing(self) -> bool:
        """Whether packets get through: a station believes itself joined for a while after the signal has gone."""
        return self.joined and self.in_reach

    def lose_power(self) -> None:
        """As at power-on, and after a reset: off, not joined, trying again for ever once told to join."""
        self._after(0, None)
        self._leave(IDLE)
        self._on = False
        self._reconnects = -1
        self._tries_left = -1
        self._asked: tuple[str, str] = ("", "")

    def set_in_reach(self, in_reach: bool) -> None:
        """Switch the access point on or off."""
        self.in_reach = in_reach
        if not in_reach and self.joined:
            self._after(self.beacon_ms, self._beacons_missing)

    def _active(self, call: Call) -> Answer:
        if call.a == 0 and self._on:
            reconnects = self._reconnects
            self.lose_power()
            self._reconnects = reconnects
        elif call.a > 0:
            self._on = True
        return Answer(int(self._on))

    def _connect(self, call: Call) -> Answer:
        if not self._on:
            return Answer(-errno.ENODEV)
        if self.status in (CONNECTING, GOT_IP):
            return Answer(-errno.EBUSY)
        name, _, key = call.data.decode().partition("\0")
        if name:
            self._asked = (name, key)
        self._tries_left = self._reconnects
        self._search()
        return DONE

    def _disconnect(self, _call: Call) -> Answer:
        if not self._on:
            return Answer(-errno.ENODEV)
        self._after(0, None)
        self._leave(IDLE)
        return DONE

    def _reconnects_are(self, call: Call) -> Answer:
        self._reconnects = self._tries_left = call.a
        return DONE

    def _search(self) -> None:
        self.status = CONNECTING
        self._after(self.join_ms if self.in_reach else self.search_ms, self._found)

    def _found(self) -> None:
        if not self.in_reach or (self.accepts is not None and self._asked[0] != self.accepts[0]):
            self._fail(NO_AP_FOUND)
        elif self.accepts is not None and self._asked[1] != self.accepts[1]:
            self._fail(WRONG_KEY)
        else:
            self.status = GOT_IP
            self._page[shared.LINK] = 1
            self._changed(True)

    def _fail(self, reason: int) -> None:
        if self._tries_left == 0:
            self.status = reason
            return
        self._tries_left -= 1 if self._tries_left > 0 else 0
        self._search()

    def _beacons_missing(self) -> None:
        if self.in_reach:
            return  # it was back in time
        self._leave(BEACON_TIMEOUT)
        if self._tries_left != 0:
            self._search()

    def _leave(self, reason: int) -> None:
        was_joined = self.joined
        self.status = reason
        self._page[shared.LINK] = 0
        if was_joined:
            self._changed(False)

    def _after(self, ms: float, action: Callable[[], None] | None) -> None:
        """The station does one thing at a time: a new wait replaces the one under way."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timeline.after_ms(ms, action) if action else None
