"""The way from one terminal to the broker, as bad as it is told to be. It knows where one MQTT message ends and the next begins.

Modes: ``clean`` · ``lossy`` drops messages · ``doubled`` sends them twice, the second time late · ``slow`` holds each up ·
``jumbled`` lets each come after its own time, even into a later session · ``torn`` breaks off in the middle of one ·
``half_open`` lets the broker's end of each session go and says nothing to the terminal · ``hole`` takes everything and
answers nothing · ``portal`` answers as a captive portal · ``down`` resets.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter

MODES = ("lossy", "doubled", "slow", "jumbled", "torn", "half_open", "hole", "portal", "down")
PORTAL = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/login\r\nContent-Length: 22\r\n\r\n<html>Please log in.\r\n"
_PUBLISH = 3
_BREAKS = ("portal", "down")


class _Session:
    """Both ends of one connection; `ends` by the way a message goes: ``up`` ends at the broker."""

    def __init__(self, terminal: asyncio.StreamWriter, broker: asyncio.StreamWriter) -> None:
        self.ends = {"up": broker, "down": terminal}
        self.deaf = False

    def write(self, way: str, data: bytes) -> None:
        end = self.ends[way]
        if not self.deaf and not end.is_closing():
            end.write(data)

    def abort(self) -> None:
        for end in self.ends.values():
            end.transport.abort()

    def sever(self) -> None:
        """The broker's end goes; the terminal is not told."""
        self.deaf = True
        self.ends["up"].transport.abort()


class Proxy:
    """Listens on `port` once started; `done` counts what it did to messages and connections."""

    def __init__(self, broker_port: int, chance: random.Random) -> None:
        self.port = 0
        self.mode = "clean"
        self.done: Counter[str] = Counter()
        self._broker_port = broker_port
        self._chance = chance
        self._sessions: set[_Session] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server:
            self._server.close()
        self.cut()

    def set(self, mode: str) -> None:
        """From now on the way is like this."""
        self.mode = mode
        if mode in _BREAKS:
            self.cut()
        elif mode == "half_open":
            for session in self._sessions:
                self.done["half_open"] += 1
                session.sever()

    def cut(self) -> None:
        """Break every connection at both ends."""
        for session in self._sessions:
            session.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled only as the loop ends: asyncio in Python 3.11 reports it otherwise.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if self.mode == "down":
                self.done["refused"] += 1
            elif self.mode == "portal":
                await reader.read(1)
                self.done["portal"] += 1
                writer.write(PORTAL)
                await writer.drain()
            elif self.mode == "hole":
                self.done["swallowed"] += 1
                while await reader.read(4096):
                    pass
            else:
                await self._relay(reader, writer)
        writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        session = _Session(writer, broker_writer)
        self._sessions.add(session)
        ways = {
            asyncio.ensure_future(self._pump(session, "up", reader)),
            asyncio.ensure_future(self._pump(session, "down", broker_reader)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if session.deaf:  # the terminal's end stays open until the terminal gives it up
                await asyncio.wait(ways)
        finally:
            for way in ways:
                way.cancel()
            self._sessions.discard(session)
            session.abort()

    async def _pump(self, session: _Session, way: str, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await _packet(reader)
                if self.mode == "hole":
                    self.done["swallowed"] += 1
                elif packet[0] >> 4 != _PUBLISH:
                    session.write(way, packet)
                else:
                    self._message(session, way, packet)
                    await session.ends[way].drain()

    def _message(self, session: _Session, way: str, packet: bytes) -> None:
        chance, later = self._chance, asyncio.get_running_loop().call_later
        if self.mode == "lossy" and chance.random() < 0.3:
            self.done["dropped"] += 1
            return
        if self.mode == "torn" and chance.random() < 0.1:
            self.done["torn"] += 1
            session.write(way, packet[: len(packet) // 2])
            session.deaf = True  # nothing may follow half a message
            later(0.01, session.abort)
            return
        if self.mode == "slow":
            self.done["delayed"] += 1
            later(0.3, session.write, way, packet)
            return
        if self.mode == "jumbled":
            self.done["reordered"] += 1
            later(chance.uniform(0, 1.5), self._late, way, packet)
            return
        session.write(way, packet)
        if self.mode == "doubled":
            self.done["doubled"] += 1
            later(chance.choice((0, 0.2, 1.0)), self._late, way, packet)

    def _late(self, way: str, packet: bytes) -> None:
        """Into whichever session there is now: an old message, late."""
        for session in self._sessions:
            session.write(way, packet)


async def _packet(reader: asyncio.StreamReader) -> bytes:
    packet = bytearray(await reader.readexactly(2))
    length, shift = packet[1] & 0x7F, 7
    while packet[-1] & 0x80:
        packet += await reader.readexactly(1)
        length |= (packet[-1] & 0x7F) << shift
        shift += 7
    return bytes(packet) + await reader.readexactly(length)
