"""The line to the broker: connects, keeps alive, reconnects. umqtt.simple makes the packets; everything that waits is here."""

import asyncio
import os

from micropython import const

from firmware.terminal import overlay
from firmware.terminal.mqtt_codec import MqttCodec
from firmware.terminal.resolver import Resolver

_DIAL = "firmware.terminal.dial"
_QUEUE = const(8)
# Acknowledgements and pings join even a full queue; a broker that lets this many wait is not listening.
_QUEUE_MAX = const(32)
_PAUSE_MS = const(2_000)
_PAUSE_MAX_MS = const(60_000)
_LINK_MS = const(100)


class Uplink:
    """`will` is (topic, payload), retained; `subscribe` a topic filter; `link` has `connected()` and `dns()`; `keepalive` is in
    seconds. For TLS, `wrap(socket)` returns the stream to talk through: see docs/uplink.md.

    `on_up()` is called for each new session, once the subscription stands; `on_message(topic, payload)` for each message, both
    bytes, a long payload as a view of them. They must not wait. What they raise is counted in `handler_faults` and costs nothing
    else.

    `state` is "waiting" (for the link), "resolving", "opening", "connecting", "subscribing", "up" or "pausing". `fault` is the
    last failure: (the state it happened in, text), or None. Counters: `sessions`, `faults`, `handler_faults`, `skipped`
    (messages of more than 8 KiB).
    """

    def __init__(
        self, host, port, client_id, user, password, will, subscribe, link, on_up, on_message,
        keepalive=30, resolver=None, wrap=None,
    ):  # fmt: skip
        self._host = host
        self._port = port
        self._subscribe = subscribe
        self._link = link
        self._on_up = on_up
        self._on_message = on_message
        self._wrap = wrap
        self._resolver = resolver or Resolver(link.dns)
        # A ping every half keepalive; one without an answer by the next ends the session: a dead peer is known in one keepalive.
        self._half_ms = keepalive * 500
        self._codec = MqttCodec(client_id, user or None, password, keepalive, will, self._hear)
        self._line = None
        self._queue = []
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._cause = None
        self._pause = _PAUSE_MS
        self._up = False
        self.state = "waiting"
        self.fault = None
        self.sessions = self.faults = self.handler_faults = self.skipped = 0

    @property
    def connected(self):
        """Whether a message sent now has a chance."""
        return self._up and self._link.connected()

    def send(self, topic, payload, retain=False):
        """Queue a message at QoS 0; False when there is no connection or eight wait already. It leaves in the next loop turn."""
        if len(self._queue) >= _QUEUE or not self.connected:
            return False
        self._put(self._codec.publish(topic, payload, retain))
        return True

    def renew(self):
        """Begin a new session: what the broker retains comes again."""
        self._cause = OSError("renewed")
        self._over.set()

    async def run(self):
        """Be connected, for ever. Nothing here holds the loop, whatever name server and broker do or leave undone."""
        while True:
            self.state = "waiting"
            while not self._link.connected():
                # A link that comes back deserves a try at once.
                self._pause = _PAUSE_MS
                await asyncio.sleep_ms(_LINK_MS)
            try:
                await self._session()
            except Exception as error:
                self.faults += 1
                self.fault = (self.state, str(error) or type(error).__name__)
            finally:
                self._up = False
                self._queue.clear()
                if self._line:
                    self._line.close()
                    self._line = None
            self.state = "pausing"
            await self._rest()

    async def _session(self):
        """One connection, from its first step to the fault that ends it."""
        self.state = "resolving"
        address = await self._resolver.resolve(self._host)
        self.state = "opening"
        await overlay.bring(_DIAL)
        dial = overlay.load(_DIAL)
        try:
            self._line = await dial.connected(address, self._port, self._wrap)
            await dial.session(self._line, self._codec, self._subscribe, self._take, self._say)
        finally:
            dial = None
            overlay.drop(_DIAL)
        self.state = "up"
        self._up = True
        self.sessions += 1
        self._call(self._on_up)
        self._over.clear()
        tasks = [asyncio.create_task(self._until_fault(work)) for work in (self._receive(), self._transmit(), self._watch())]
        try:
            await self._over.wait()
        finally:
            for task in tasks:
                task.cancel()
        raise self._cause

    def _say(self, state):
        self.state = state

    async def _until_fault(self, work):
        try:
            await work
        except Exception as error:
            self._cause = error
            self._over.set()

    async def _receive(self):
        while True:
            self._take(await self._line.receive())
            # A broker with much to say must not have the loop to itself.
            await asyncio.sleep_ms(0)

    async def _transmit(self):
        while True:
            while self._queue:
                await self._line.send(self._queue[0], self._half_ms)
                self._queue.pop(0)
            self._wake.clear()
            await self._wake.wait()

    async def _watch(self):
        while True:
            self._line.heard = False
            self._put(self._codec.ping())
            await asyncio.sleep_ms(self._half_ms)
            if not self._line.heard:
                raise OSError("the broker is silent")
            # Only a session that lasted shows that the trouble is over.
            self._pause = _PAUSE_MS

    def _take(self, packet):
        if packet is None:
            self.skipped += 1
            return
        reply = self._codec.hear(packet)
        if reply:
            self._put(reply)

    def _put(self, packet):
        if len(self._queue) >= _QUEUE_MAX:
            raise OSError("the broker takes nothing")
        self._queue.append(packet)
        self._wake.set()

    def _hear(self, topic, payload):
        self._call(self._on_message, topic, payload)

    def _call(self, handler, *arguments):
        try:
            handler(*arguments)
        except Exception as error:
            # The type only: a text may quote a member's number.
            self.handler_faults += 1
            self.fault = ("handler", type(error).__name__)

    async def _rest(self):
        """1 to 2 s, then twice that each time up to 60 s, never the same for two terminals; cut short when the link goes."""
        half = self._pause // 2
        self._pause = min(self._pause * 2, _PAUSE_MAX_MS)
        for _ in range(0, half + half * os.urandom(1)[0] // 256, _LINK_MS):
            if not self._link.connected():
                break
            await asyncio.sleep_ms(_LINK_MS)
