"""Network time by SNTP (RFC 4330), asked only while nothing better has set the clock; never holds the loop."""

import asyncio
import os
import socket

from firmware.terminal import ntp_message
from firmware.terminal.connection import readable

HOST = "cn.pool.ntp.org"
_PORT = 123
_TRY_MS = 2_000


async def set_clock(resolver, clock):
    """Ask once, and tell ``clock``. Without an answer nothing changes: the clock goes on saying honestly what it is."""
    try:
        address = await resolver.resolve(HOST)
        clock.hear_network(await asyncio.wait_for_ms(_ask(address), _TRY_MS))
    except (OSError, asyncio.TimeoutError):
        pass


async def _ask(address):
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.setblocking(False)
        nonce = os.urandom(8)
        line.sendto(ntp_message.question(nonce), socket.getaddrinfo(address, _PORT)[0][-1])
        while True:
            await readable(line)
            answer, _ = line.recvfrom(48)
            time = ntp_message.answer_time(answer, nonce)
            if time is not None:
                return time
    finally:
        line.close()
