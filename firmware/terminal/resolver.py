"""Names to addresses without holding the loop: getaddrinfo() waits for as long as the name server is silent."""

import asyncio

from micropython import const

from firmware.terminal import overlay

_QUERY = "firmware.terminal.name_query"
_TRIES = const(3)
_TRY_MS = const(2_000)


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
                asked = overlay.load(_QUERY).ask(self._server(), self._port, host)
                self.known[host] = known = await asyncio.wait_for_ms(asked, _TRY_MS)
                break
            except (OSError, asyncio.TimeoutError):
                pass
            finally:
                overlay.drop(_QUERY)
        if known:
            return known
        raise OSError("no answer from the name server")
