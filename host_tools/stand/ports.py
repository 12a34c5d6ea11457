"""Ports that stay ours while what listens on them is restarted."""

from __future__ import annotations

import random
import socket

# Below the range from which Linux takes the ports of outgoing connections: none of those can sit down on it meanwhile.
_FIRST, _LAST = 12_000, 32_000


def lasting_port(preferred: int | None = None) -> int:
    """A free TCP port of the loopback interface, `preferred` if it is one."""
    choice = random.SystemRandom()
    while True:
        port = preferred or choice.randint(_FIRST, _LAST)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            preferred = None
        else:
            return port
