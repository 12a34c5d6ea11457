"""How a connection begins: from a host's name to a stream that talks MQTT. Loaded to connect, and forgotten after."""

import asyncio
import socket
from errno import EINPROGRESS

from micropython import const

from firmware.terminal.connection import Connection, writable
from firmware.terminal.memory_socket import Malformed

_STEP_MS = const(5_000)
_CONNACK = const(0x20)
_SUBACK = const(0x90)
# Linux and lwIP agree on these, and not every port has names for them.
_TCP = const(6)
_TCP_NODELAY = const(1)


async def connected(address, port, wrap=None):
    """The `Connection` to an IPv4 address; OSError or asyncio.TimeoutError says why not. ``wrap(socket)``, if given, returns the
    stream to talk through."""
    # With an address in figures this asks nobody; ports differ in what connect() wants, and this gives it.
    where = socket.getaddrinfo(address, port)[0][-1]
    plain = socket.socket()
    try:
        plain.setblocking(False)
        try:
            plain.setsockopt(_TCP, _TCP_NODELAY, 1)
        except OSError:
            pass  # Each packet goes out in one write: Nagle's delay is rare without it, too.
        try:
            plain.connect(where)
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        # A refused connection wakes this as well; the first write then says so.
        await asyncio.wait_for_ms(writable(plain), _STEP_MS)
        return Connection(wrap(plain) if wrap else plain)
    except BaseException:
        plain.close()
        raise


async def session(line, codec, topic, take, say):
    """Begin a session on ``line`` and subscribe to ``topic``. ``take(packet)`` gets what comes in between, ``say(state)`` is told
    how far it is. OSError, asyncio.TimeoutError or `Malformed`: there is none."""
    say("connecting")
    await asyncio.wait_for_ms(_ask(line, codec.connect(), _CONNACK, take), _STEP_MS)
    say("subscribing")
    await asyncio.wait_for_ms(_ask(line, codec.subscribe(topic), _SUBACK, take), _STEP_MS)


async def _ask(line, packet, kind, take):
    await line.send(packet, _STEP_MS)
    while True:
        answer = await line.receive()
        if answer and answer[0] == kind and len(answer) > 3:
            break
        if kind == _CONNACK:
            raise Malformed("no MQTT broker")
        # The broker may send messages before it confirms the subscription (MQTT 3.1.1, 3.8.4).
        take(answer)
    # A return code ends either packet: CONNACK's is 0 when all is well, SUBACK's the granted QoS or 128.
    code = answer[-1]
    if code if kind == _CONNACK else code & 0x80:
        raise OSError("refused by the broker, code %d" % code)
