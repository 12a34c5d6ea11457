"""A range of bytes by HTTP (RFC 9110 section 14), through `requests` of micropython-lib.

As with umqtt, the library is a codec over memory: it writes its request there, our loop carries request and response, and it
reads the response from there. By itself it would hold the loop, and with it the keypad, for as long as a server is silent.
"""

import asyncio

import requests

from firmware.terminal.connection import Connection
from firmware.terminal.memory_socket import MemorySocket

_STALL_MS = 5_000
_HEADERS_BYTES = 1024
_LINE_BYTES = 256
_PARTIAL = 206


class RangeError(Exception):
    """The server did not give that range; the text says what it gave."""


class _Memory(MemorySocket):
    """What `requests` calls beyond what umqtt does."""

    SOCK_STREAM = 1

    def readline(self):
        # Header lines are short; a copy of the whole rest for each of them would be more than the heap has.
        line = bytes(self._input[self._at : self._at + _LINE_BYTES])
        line = line[: line.find(b"\n") + 1 or len(line)]
        self._at += len(line)
        return line

    def read(self, size=-1):
        return super().read(len(self._input) - self._at if size < 0 else size)


async def fetch(resolver, url, authorization, offset, length):
    """``length`` bytes from ``offset`` of ``url`` (``http://host:port/path``), with the ``Authorization`` header's value.

    `OSError`, `asyncio.TimeoutError`: not reached; `RangeError`: reached, and refused.
    """
    headers = {"Range": "bytes=%d-%d" % (offset, offset + length - 1), "Authorization": authorization}
    memory = _Memory()
    requests.socket = memory
    memory.put(b"")
    try:
        requests.get(url, headers=headers)  # noqa: S113 - over memory: nothing waits
    except (ValueError, IndexError):
        pass  # it found no response yet, but its request is written
    host, _, port = url.split("/")[2].partition(":")
    address = await resolver.resolve(host)
    line = Connection()
    try:
        await asyncio.wait_for_ms(line.open(address, int(port or "80")), _STALL_MS)
        await line.send(memory.take(), _STALL_MS)
        response = await asyncio.wait_for_ms(line.drain(_HEADERS_BYTES + length), _STALL_MS)
    finally:
        line.close()
    memory.put(response)
    requests.socket = memory
    try:
        answer = requests.get(url, headers=headers)  # noqa: S113
        memory.take()
    except (ValueError, IndexError, NotImplementedError) as error:
        raise RangeError(str(error))
    content = answer.content
    if answer.status_code != _PARTIAL or len(content) != length:
        raise RangeError("status %d, %d bytes" % (answer.status_code, len(content)))
    return content
