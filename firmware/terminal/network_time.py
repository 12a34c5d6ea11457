"""Network time by SNTP (RFC 4330), asked only while nothing better has set the clock; never holds the loop."""

import asyncio
import os
import socket

from firmware.terminal import ntp_message
from firmware.terminal.clock import CENTRE, NETWORK
from firmware.terminal.connection import readable

HOST = "cn.pool.ntp.org"
_PORT = 123
_TRY_MS = 2_000
_WAIT_S = 15
_DAY_S = 86_400


class NetworkTime:
    """``resolver`` finds the time server, ``link`` says when there is a network, ``clock`` is told."""

    def __init__(self, resolver, link, clock):
        self._resolver = resolver
        self._link = link
        self._clock = clock

    async def run(self):
        """Ask until the clock is set, then once a day; the centre's time makes asking needless."""
        while True:
            if self._link.connected() and self._clock.source != CENTRE:
                try:
                    self._clock.hear_network(await asyncio.wait_for_ms(self._ask(), _TRY_MS))
                except (OSError, asyncio.TimeoutError):
                    pass  # the next turn asks again; meanwhile the clock says honestly what it is
            await asyncio.sleep(_DAY_S if self._clock.source in (CENTRE, NETWORK) else _WAIT_S)

    async def _ask(self):
        server = socket.getaddrinfo(await self._resolver.resolve(HOST), _PORT)[0][-1]
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            line.setblocking(False)
            nonce = os.urandom(8)
            line.sendto(ntp_message.question(nonce), server)
            while True:
                await readable(line)
                answer, _ = line.recvfrom(48)
                time = ntp_message.answer_time(answer, nonce)
                if time is not None:
                    return time
        finally:
            line.close()
