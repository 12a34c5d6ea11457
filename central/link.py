"""The centre's connection to the broker: one MQTT client that comes back by itself.

Incoming messages go straight from the client's callback to a list that one task works off: aiomqtt's own iterator makes a task
a message, which at a thousand checks a second is most of the work.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiomqtt

from central.errors import CentreError
from protocol.topics import ALL_UP

log = logging.getLogger(__name__)

_BACKOFF_S = (0.2, 5.0)
_MAX_WAITING = 50_000
_TURN = 64  # messages handled before HTTP and timers get their turn
_NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@dataclass(frozen=True)
class Endpoint:
    """Where the broker is and who we are to it. The password never appears on a command line."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, url: str, password: str | None) -> Endpoint:
        """From ``mqtt://user@host:port``; `CentreError` for anything else, and for a password in the URL."""
        parts = urlsplit(url if "://" in url else f"mqtt://{url}")
        try:
            port = parts.port or 1883
        except ValueError:
            port = 0
        if parts.scheme != "mqtt" or not parts.hostname or not port:
            raise CentreError(f"{url!r} is no broker", "give mqtt://USER@HOST:PORT")
        if parts.password:
            raise CentreError(
                "a password on the command line can be read by everyone on this machine",
                "put it into CHEYOU_BROKER_PASSWORD, or into a file named by --broker-password-file",
            )
        return cls(parts.hostname, port, unquote(parts.username) if parts.username else None, password)


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """Stands in for aiomqtt's queue: what is put in is handed on at once, and nothing is ever taken out."""

    sink: Callable[[aiomqtt.Message], None]

    def put_nowait(self, item: aiomqtt.Message) -> None:
        self.sink(item)


class _Client(aiomqtt.Client):
    """aiomqtt's client, with a way to send at QoS 0 without a timer and a turn of the event loop for each message."""

    def send(self, topic: str, payload: bytes) -> None:
        """Queue for sending; a lost connection shows in the session, not here."""
        self._client.publish(topic, payload, 0)


class Link:
    """``handle(topic, payload, retained)`` is called for every message; ``connected()`` is awaited after each subscription."""

    def __init__(
        self, endpoint: Endpoint, handle: Callable[[str, bytes, bool], None], connected: Callable[[], Awaitable[None]]
    ) -> None:
        self._endpoint = endpoint
        self._handle = handle
        self._on_connected = connected
        self._waiting: deque[aiomqtt.Message] = deque()
        self._wake = asyncio.Event()
        self._client: _Client | None = None
        self.up = asyncio.Event()
        self.dropped = 0
        self.connects = 0
        self.last_error = ""

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at QoS 0, in order. Without a connection it is gone: every answer is asked for again."""
        if self._client is not None:
            self._client.send(topic, payload)

    async def retain(self, topic: str, payload: bytes) -> bool:
        """Leave a retained message at the broker (QoS 1); False when the broker did not confirm it."""
        client = self._client
        if client is None:
            return False
        try:
            await client.publish(topic, payload, qos=1, retain=True)
        except (aiomqtt.MqttError, ValueError) as error:
            log.warning("not retained: %s: %s", topic, error)
            return False
        return True

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        delay = _BACKOFF_S[0]
        while True:
            try:
                await self._session()
                delay = _BACKOFF_S[0]
            except* (aiomqtt.MqttError, OSError) as group:  # a loss comes out of the session's task group
                error = _first(group)
                if self.up.is_set():
                    delay = _BACKOFF_S[0]
                if str(error) != self.last_error:
                    log.warning("broker %s:%d: %s", self._endpoint.host, self._endpoint.port, error)
                self.last_error = str(error)
            finally:
                self._client = None
                self.up.clear()
                self._waiting.clear()
            _end_if_cancelled()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            delay = min(delay * 2, _BACKOFF_S[1])

    async def _session(self) -> None:
        inbox = type("_Bound", (_Inbox,), {"sink": staticmethod(self._arrived)})
        client = _Client(
            self._endpoint.host,
            self._endpoint.port,
            username=self._endpoint.username,
            password=self._endpoint.password,
            identifier=f"centre-{secrets.token_hex(4)}",
            queue_type=inbox,
            socket_options=(_NODELAY,),
            max_inflight_messages=1000,
            keepalive=30,
        )
        client.pending_calls_threshold = 5000
        async with client:
            self._client = client
            await client.subscribe(ALL_UP, qos=0)
            _end_if_cancelled()
            self.connects += 1
            self.last_error = ""
            self.up.set()
            async with asyncio.TaskGroup() as tasks:
                worker = tasks.create_task(self._work())
                greeting = tasks.create_task(self._greet())
                try:
                    # The inbox never fills: this waits for the disconnection, and raises it.
                    async for _ in client.messages:
                        pass
                finally:
                    worker.cancel()
                    greeting.cancel()

    async def _greet(self) -> None:
        await self._on_connected()

    def _arrived(self, message: aiomqtt.Message) -> None:
        if len(self._waiting) >= _MAX_WAITING:
            self.dropped += 1
            return
        self._waiting.append(message)
        self._wake.set()

    async def _work(self) -> None:
        while True:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            for _ in range(min(_TURN, len(self._waiting))):
                message = self._waiting.popleft()
                payload = message.payload
                self._handle(message.topic.value, payload if isinstance(payload, bytes) else b"", message.retain)
            await asyncio.sleep(0)


def _end_if_cancelled() -> None:
    """Take a cancellation up again that was lost: the centre would go on instead of ending.

    Before Python 3.12 `asyncio.wait_for`, which aiomqtt uses, forgets one that comes together with its result; and an error
    while leaving a session takes its place.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _first(error: BaseException) -> BaseException:
    """The first error of a group of them, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
