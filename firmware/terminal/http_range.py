"""A range of bytes by HTTP (RFC 9110 section 14), through `requests` of micropython-lib.

As with umqtt, the library is a codec over memory: it writes its request there and reads the response's head from there, and our
loop carries both. By itself it would hold the loop, and with it the keypad, for as long as a server is silent. The body is for
`list_update` to read, once this is forgotten again.
"""

import asyncio

import requests

from firmware.terminal.dial import connected
from firmware.terminal.memory_socket import MemorySocket

_STALL_MS = 5_000
_HEAD_BYTES = 512
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


async def begin(resolver, url, authorization, offset, length):
    """Ask for ``length`` bytes from ``offset`` of ``url`` (``http://host:port/path``), with the ``Authorization`` header's value.

    (`Connection` that they come by, buffer, how much of it came with the head and where that begins). `OSError`,
    `asyncio.TimeoutError`: not reached; `RangeError`: reached, and refused.
    """
    headers = {"Range": "bytes=%d-%d" % (offset, offset + length - 1), "Authorization": authorization}
    buffer = memoryview(bytearray(_HEAD_BYTES))
    memory = _Memory()
    memory.put(b"")
    requests.socket = memory
    try:
        requests.get(url, headers=headers)  # noqa: S113 - over memory: nothing waits
    except (ValueError, IndexError):
        pass  # it found no response yet, but its request is written
    host, _, port = url.split("/")[2].partition(":")
    line = await connected(await resolver.resolve(host), int(port or "80"))
    try:
        await line.send(memory.take(), _STALL_MS)
        head, end = await asyncio.wait_for_ms(_head(line, buffer), _STALL_MS)
        memory.put(buffer[:head])
        requests.socket = memory
        try:
            status = requests.get(url, headers=headers).status_code  # noqa: S113
        except (ValueError, IndexError, NotImplementedError) as error:
            raise RangeError(str(error))
        if status != _PARTIAL:
            raise RangeError("status %d" % status)
    except BaseException:
        line.close()
        raise
    return line, buffer, head, end


async def _head(line, buffer):
    """(length of the response's head, how many bytes have come) once the head is there."""
    end = 0
    while True:
        found = bytes(buffer[:end]).find(b"\r\n\r\n")
        if found >= 0:
            return found + 4, end
        if end == _HEAD_BYTES:
            raise RangeError("no HTTP response")
        end += await line.some(buffer[end:])
