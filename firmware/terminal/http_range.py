"""A range of bytes by HTTP (RFC 9110 section 14), through `requests` of micropython-lib.

As with umqtt, the library is a codec over memory: it writes its request there and reads the response's head from there, and our
loop carries both. By itself it would hold the loop, and with it the keypad, for as long as a server is silent. The body is read
piece by piece as flash takes it.
"""

import asyncio

import requests

from firmware.terminal.dial import connected
from firmware.terminal.memory_socket import MemorySocket

_STALL_MS = 5_000
_PIECE_BYTES = 256  # a page of flash
_HEAD_BYTES = 768
_LINE_BYTES = 256
_PARTIAL = 206


class RangeError(Exception):
    """The server does not give that range; the text says what it gave."""


class _Memory(MemorySocket):
    """What `requests` calls beyond what umqtt does."""

    SOCK_STREAM = 1

    def readline(self):
        # Header lines are short; a copy of the whole rest for each of them would be more than the heap has.
        line = bytes(self._input[self._at : self._at + _LINE_BYTES])
        line = line[: line.find(b"\n") + 1 or len(line)]
        self._at += len(line)
        return line


class HttpRange:
    """``length`` bytes from ``offset`` of ``url`` (``http://host:port/path``), with the ``Authorization`` header's value."""

    def __init__(self, url, authorization, offset, length):
        self._url = url
        self._headers = {"Range": "bytes=%d-%d" % (offset, offset + length - 1), "Authorization": authorization}
        self._at = offset
        self._left = length
        self._line = None
        self._buffer = memoryview(bytearray(_HEAD_BYTES))
        self._begin = self._end = 0  # of what came and was not read yet

    async def open(self, resolver):
        """`OSError`, `asyncio.TimeoutError`: not reached; `RangeError`: reached, and refused."""
        memory = _Memory()
        memory.put(b"")
        try:
            self._ask(memory)
        except (ValueError, IndexError):
            pass  # it found no response yet, but its request is written
        host, _, port = self._url.split("/")[2].partition(":")
        self._line = await connected(await resolver.resolve(host), int(port or "80"))
        await self._line.send(memory.take(), _STALL_MS)
        head = await asyncio.wait_for_ms(self._head(), _STALL_MS)
        memory.put(self._buffer[:head])
        self._begin = head
        try:
            answer = self._ask(memory)
        except (ValueError, IndexError, NotImplementedError) as error:
            raise RangeError(str(error))
        if answer.status_code != _PARTIAL:
            raise RangeError("status %d" % answer.status_code)

    async def read(self):
        """The next bytes, up to the end of a page, there until the next read; b"" at the end."""
        size = min(_PIECE_BYTES - self._at % _PIECE_BYTES, self._left)
        while size > self._end - self._begin:
            if self._begin + size > _HEAD_BYTES:
                self._buffer[: self._end - self._begin] = bytes(self._buffer[self._begin : self._end])
                self._begin, self._end = 0, self._end - self._begin
            self._end += await asyncio.wait_for_ms(self._line.some(self._buffer[self._end :]), _STALL_MS)
        piece = self._buffer[self._begin : self._begin + size]
        self._begin += size
        self._at += size
        self._left -= size
        return piece

    def close(self):
        """Let go of the connection, if there is one."""
        if self._line:
            self._line.close()

    def _ask(self, memory):
        requests.socket = memory
        return requests.get(self._url, headers=self._headers)  # noqa: S113 - over memory: nothing waits

    async def _head(self):
        """The length of the response's head, once it is there."""
        while True:
            found = bytes(self._buffer[: self._end]).find(b"\r\n\r\n")
            if found >= 0:
                return found + 4
            if self._end == _HEAD_BYTES:
                raise RangeError("no HTTP response")
            self._end += await self._line.some(self._buffer[self._end :])
