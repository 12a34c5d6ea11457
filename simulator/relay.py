"""One TCP connection of the firmware's: a local end it connects to, and the true connection behind it.

While packets do not pass, both ends are kept and nothing is read, so that each side's buffers fill as they would; when they
pass again, what was under way arrives. A board that dies leaves the far end half open; it is reset once the far end
speaks to a board that knows nothing of it.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import cast

NEVER_CONNECTED_S = 30.0


class _End(asyncio.Protocol):
    """One of the two sockets; hands everything to its relay."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.waiting: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if not self.relay.passing:
            self.transport.pause_reading()
        for data in self.waiting:
            self.transport.write(data)
        self.waiting.clear()

    def data_received(self, data: bytes) -> None:
        self.relay.carry(partial(self.relay.deliver, self, data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.relay.lost(self, exc)

    def write(self, data: bytes) -> None:
        if self.transport is None:
            self.waiting.append(data)  # the far end is not reached yet
        else:
            self.transport.write(data)

    def pause(self, paused: bool) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close with a reset, whatever is still to be sent."""
        if self.transport is None:
            return
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.transport.abort()


class Relay:
    """Adds itself to `all_relays` and leaves it when both ends are gone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, all_relays: set[Relay], delay: Callable[[], float]) -> None:
        self._loop = loop
        self._all = all_relays
        self._delay = delay
        self.passing = True
        self.swallowing = False
        self._held: list[Callable[[], None]] = []
        self._travelling: deque[tuple[float, Callable[[], None]]] = deque()
        self._open_at = loop.time() + 2 * delay()
        self._last_due = 0.0
        self._station = _End(self)
        self._far = _End(self)
        self._station.other, self._far.other = self._far, self._station
        self._station_known = True
        self._ends = 0
        self._listener: socket.socket | None = None
        all_relays.add(self)

    async def reach(self, ip: str, port: int) -> None:
        """Connect to the far end; OSError when that fails, and then the station's end is reset."""
        try:
            await self._loop.create_connection(lambda: self._far, ip, port)
        except OSError:
            self.abort()
            raise
        self._ends += 1
        if not self._station_known:
            self._far.abort()

    def listen(self) -> int:
        """The local port that takes the firmware's one connection."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        listener.setblocking(False)
        self._listener = listener
        self._loop.add_reader(listener, self._accept)
        self._loop.call_later(NEVER_CONNECTED_S, self._stop_listening)
        return int(listener.getsockname()[1])

    def carry(self, action: Callable[[], None]) -> None:
        """Let something travel: it arrives after the delay, or when packets pass again."""
        delay = self._delay()
        if not delay and not self._travelling:
            self._arrive(action)
            return
        # A connection takes a round trip before its first byte. Nothing overtakes, even when the delay is made shorter.
        self._last_due = max(self._last_due, max(self._loop.time(), self._open_at) + delay)
        self._travelling.append((self._last_due, action))
        if len(self._travelling) == 1:
            self._loop.call_at(self._last_due, self._arrivals)

    def _arrivals(self) -> None:
        while self._travelling:
            due, action = self._travelling[0]
            if due > self._loop.time():
                self._loop.call_at(due, self._arrivals)
                return
            self._travelling.popleft()
            self._arrive(action)

    def deliver(self, source: _End, data: bytes) -> None:
        if source is self._far and not self._station_known:
            self._far.abort()  # a board that was restarted knows no such connection
        elif not self.swallowing and source.other is not None:
            source.other.write(data)

    def lost(self, end: _End, exc: Exception | None) -> None:
        self._ends -= 1
        other = end.other
        if other is not None and (end is self._far or self._station_known):
            self.carry(other.abort if exc is not None else other.close)
        if self._ends <= 0:
            self._all.discard(self)

    def let_through(self, passing: bool) -> None:
        self.passing = passing
        self._station.pause(not passing)
        self._far.pause(not passing)
        if passing:
            held, self._held = self._held, []
            for action in held:
                action()

    def forget_station(self) -> None:
        """The board has lost power or was reset: it says no good-bye."""
        self._station_known = False
        self._held.clear()
        self._stop_listening()
        self._station.abort()

    def abort_station(self) -> None:
        """The board's own stack gives the connection up; the far end does not hear of it."""
        self._station_known = False
        self._station.abort()

    def abort(self) -> None:
        self._stop_listening()
        self._station.abort()
        self._far.abort()
        self._all.discard(self)

    def _arrive(self, action: Callable[[], None]) -> None:
        if self.passing:
            action()
        else:
            self._held.append(action)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            accepted, _ = self._listener.accept()
        except BlockingIOError:
            return
        self._stop_listening()
        self._ends += 1
        self._loop.create_task(self._take(accepted))

    async def _take(self, accepted: socket.socket) -> None:
        await self._loop.connect_accepted_socket(lambda: self._station, accepted)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
            if self._ends <= 0:
                self._all.discard(self)
