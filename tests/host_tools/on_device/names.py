"""Prints every name that MicroPython's own objects and modules have: what `foreign_names.txt` lists. Runs in MicroPython."""

import asyncio
import collections
import hashlib
import io
import re
import select
import socket

import cryptolib
import vfs

MODULES = (
    "array", "asyncio", "binascii", "builtins", "collections", "cryptolib", "deflate", "errno", "framebuf", "gc", "hashlib",
    "heapq",
    "io", "json", "machine", "math", "micropython", "os", "platform", "random", "re", "select", "socket", "struct", "sys", "time",
    "uctypes", "vfs", "tls", "ssl",
)  # fmt: skip


def generator():
    yield


async def coroutine():
    pass


things = [
    "", b"", bytearray(), memoryview(b""), [], (), {}, set(), frozenset(), 1, 1.0, range(1), type, slice, object(), Exception(),
    OSError(1), generator(), coroutine(), asyncio.create_task(coroutine()), asyncio.Event(), asyncio.Lock(),
    asyncio.StreamReader(0), asyncio.get_event_loop(), asyncio.core, asyncio.core.TaskQueue(), asyncio.core.IOQueue,
    io.StringIO(), io.BytesIO(), open("/dev/null"), socket.socket(), select.poll(), hashlib.sha256(), cryptolib.aes(bytes(16), 1),
    re.compile("a"), collections.deque, collections.OrderedDict(), vfs.VfsLfs2, vfs.VfsRom, vfs.VfsFat,
]  # fmt: skip
for module in MODULES:
    try:
        things.append(__import__(module))
    except ImportError:
        pass
for name in sorted({name for one in things for name in dir(one) if not name.startswith("__")}):
    print(name)
