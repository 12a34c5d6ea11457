"""A TCP connection that carries whole MQTT packets and never holds the loop."""

import asyncio
from asyncio import core

from micropython import const

from firmware.terminal.memory_socket import Malformed

_LONGEST = const(8192)
_SKIP = const(256)
_ROOM_MS = const(50)
_ROOM_TRIES = const(100)


def readable(stream):
    """Await until a read will not wait."""
    yield core._io_queue.queue_read(stream)


def writable(stream):
    """Await until a write will not wait, or has failed."""
    yield core._io_queue.queue_write(stream)


class Connection:
    """``stream``: a connected socket that does not block (see `dial`). `heard` is set whenever bytes arrive."""

    def __init__(self, stream):
        self._socket = stream
        self._head = memoryview(bytearray(5))
        self.heard = False

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
        """The next packet; None for one of more than 8 KiB, which is read and forgotten. `MemoryError`: no room for it."""
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
        if size > _LONGEST:
            return await self._skip(size)
        packet = await self._room(end + size)
        packet[:end] = head[:end]
        await self._fill(memoryview(packet)[end:])
        return packet

    async def _room(self, size):
        for _ in range(_ROOM_TRIES):
            try:
                return bytearray(size)
            except MemoryError:
                await asyncio.sleep_ms(_ROOM_MS)  # a customer or an update will be gone; the packet waits with the peer
        return bytearray(size)

    async def some(self, view):
        """Read what is there, at least a byte, into ``view``; how many bytes. OSError when the peer has closed."""
        while True:
            got = self._socket.readinto(view)
            if got:
                self.heard = True
                return got
            if got is not None:
                raise OSError("closed by the peer")
            await readable(self._socket)

    async def _fill(self, view):
        while view:
            view = view[await self.some(view) :]

    async def _skip(self, size):
        scratch = memoryview(bytearray(_SKIP))
        while size:
            part = min(size, _SKIP)
            await self._fill(scratch[:part])
            size -= part
            await asyncio.sleep_ms(0)  # A megabyte that is all there already must not hold the loop.

    def close(self):
        """Let go of the socket."""
        self._socket.close()
