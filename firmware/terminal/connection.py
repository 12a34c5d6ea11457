"""A TCP connection that carries whole MQTT packets and never holds the loop."""

import asyncio
import socket
from asyncio import core
from errno import EINPROGRESS

from micropython import const

from firmware.terminal.memory_socket import Malformed

_LONGEST = const(8192)
_SKIP = const(256)
# Linux and lwIP agree on these, and not every port has names for them.
_TCP = const(6)
_TCP_NODELAY = const(1)


def readable(stream):
    """Await until a read will not wait."""
    yield core._io_queue.queue_read(stream)


def writable(stream):
    """Await until a write will not wait, or has failed."""
    yield core._io_queue.queue_write(stream)


class Connection:
    """`heard` is set whenever bytes arrive."""

    def __init__(self):
        self._socket = None
        self._head = memoryview(bytearray(5))
        self.heard = False

    async def open(self, address, port, wrap=None):
        """Connect to an IPv4 address; OSError says why not. `wrap(socket)`, if given, returns the stream to talk through."""
        # With an address in figures this asks nobody; ports differ in what connect() wants, and this gives it.
        where = socket.getaddrinfo(address, port)[0][-1]
        self._socket = plain = socket.socket()
        plain.setblocking(False)
        try:
            plain.setsockopt(_TCP, _TCP_NODELAY, 1)
        except OSError:
            pass  # Each packet goes out in one write: Nagle's delay is rare without it, too.
        try:
            plain.connect(where)
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        # A refused connection wakes this as well; the first write then says so.
        await writable(plain)
        if wrap:
            self._socket = wrap(plain)

    async def send(self, packet, stall_ms):
        """Write it all. A peer that takes nothing for `stall_ms` raises asyncio.TimeoutError."""
        view = memoryview(packet)
        while view:
            sent = self._socket.write(view)
            if sent is None:
                await asyncio.wait_for_ms(writable(self._socket), stall_ms)
            else:
                view = view[sent:]

    async def receive(self):
        """The next packet; None for one of more than 8 KiB (or than memory allows), which is read and forgotten."""
        head = self._head
        await self._fill(head[:2])
        end = 2
        while head[end - 1] & 0x80:
            if end == 5:
                raise Malformed("length")
            await self._fill(head[end : end + 1])
            end += 1
        size = 0
        for byte in range(end - 1, 0, -1):
            size = size << 7 | head[byte] & 0x7F
        try:
            packet = bytearray(end + size) if size <= _LONGEST else None
        except MemoryError:
            packet = None
        if packet is None:
            return await self._skip(size)
        packet[:end] = head[:end]
        await self._fill(memoryview(packet)[end:])
        return packet

    async def _fill(self, view):
        while view:
            got = self._socket.readinto(view)
            if got is None:
                await readable(self._socket)
            elif got:
                self.heard = True
                view = view[got:]
            else:
                raise OSError("closed by the broker")

    async def _skip(self, size):
        scratch = memoryview(bytearray(_SKIP))
        while size:
            part = min(size, _SKIP)
            await self._fill(scratch[:part])
            size -= part
            await asyncio.sleep_ms(0)  # A megabyte that is all there already must not hold the loop.

    async def drain(self, limit):
        """Everything up to the peer's end of the connection; OSError when that is more than ``limit`` bytes."""
        data = bytearray(limit + 1)
        end = 0
        while True:
            got = self._socket.readinto(memoryview(data)[end:])
            if got is None:
                await readable(self._socket)
            elif not got:
                return memoryview(data)[:end]
            else:
                end += got
                if end > limit:
                    raise OSError("more than was asked for")

    def close(self):
        """Let go of the socket; harmless when there is none."""
        if self._socket:
            self._socket.close()
            self._socket = None
