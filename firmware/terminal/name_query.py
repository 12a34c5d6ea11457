"""Asks a name server. Loaded for a name that is not known yet, or may have changed."""

import os
import socket

from micropython import const

from firmware.terminal import dns_message
from firmware.terminal.connection import readable

_LONGEST = const(512)


async def ask(server, port, host):
    """The address of ``host`` as text, whenever ``server`` (an address as text) answers; OSError when it says there is none."""
    asked = dns_message.query(host, int.from_bytes(os.urandom(2), "big"))
    server = socket.getaddrinfo(server, port)[0][-1]
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
