"""Names to addresses without holding the loop: getaddrinfo() waits for as long as the name server is silent."""

import asyncio
import os
import socket

from micropython import const

from firmware.terminal import dns_message
from firmware.terminal.connection import readable

_TRIES = const(3)
_TRY_MS = const(2_000)
_LONGEST = const(512)


class Resolver:
    """Asks the server that `server()` names at that moment, as text.

    `known` maps host to the last address that was found. It is used when nobody answers: a broker seldom moves, a name server
    often fails.
    """

    def __init__(self, server, port=53):
        self._server = server
        self._port = port
        self.known = {}

    async def resolve(self, host):
        """The address of a host as text; of an address, itself. OSError when there is none to be had, after 6 s at most."""
        if host.replace(".", "").isdigit():
            return host
        known = self.known.get(host)
        # One try is enough when there is something to fall back on.
        for _ in range(1 if known else _TRIES):
            try:
                self.known[host] = known = await asyncio.wait_for_ms(self._ask(host), _TRY_MS)
                break
            except (OSError, asyncio.TimeoutError):
                pass
        if known:
            return known
        raise OSError("no answer from the name server")

    async def _ask(self, host):
        asked = dns_message.query(host, int.from_bytes(os.urandom(2), "big"))
        server = socket.getaddrinfo(self._server(), self._port)[0][-1]
        # A socket a question: its port is one more number that a forger has to guess.
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            line.setblocking(False)
            line.sendto(asked, server)
            while True:
                await readable(line)
                answer, sender = line.recvfrom(_LONGEST)
                found = dns_message.address(answer, asked) if sender == server else None
                if found:
                    return found
        finally:
            line.close()
