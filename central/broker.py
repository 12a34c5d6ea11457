"""The embedded broker: amqtt in a process of its own, so that its work and the centre's don't wait for each other.

Meant for the demo, for tests and for a shop or two; a city runs Mosquitto (`cheyou central broker-files`). A terminal logs in
with its id and a password derived from its key, read from the registry at each login, so one added a moment ago is let
in and a fenced one is not. It may publish and subscribe only under its own topics.

The parent writes the configuration as one line of JSON to stdin and keeps the pipe open: when it goes, however it goes, the pipe
closes and this process ends with it. On stdout comes one line of JSON with the port, once clients can connect.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import sys
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext, BrokerConfig
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from central import schema
from central.database import Database
from protocol import topics
from protocol.keys import derive

CENTRE = "centre"
MAX_PACKET = 16_384  # the largest message of ours is a quarter of that


class RegistryAuth(BaseAuthPlugin):
    """Lets in the centre by its secret and registered terminals by the password derived from their key."""

    @dataclass
    class Config:
        """``url``: of the centre's database · ``secret``: the centre's own password."""

        url: str = ""
        secret: str = ""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._database = Database(self.config.url)
        self._secret = self.config.secret

    async def authenticate(self, *, session: Session) -> bool | None:
        """Whether this client is who it says."""
        name, password = session.username, session.password
        if not name or not password:
            return False
        if name == CENTRE:
            return bool(self._secret) and hmac.compare_digest(password.encode(), self._secret.encode())
        # The client id must be the terminal's own, or it could end another terminal's session. It may carry the epoch: hardware
        # that a terminal was moved from must not end the session of what it lives on now.
        own, _, epoch = (session.client_id or "").partition(".")
        if own != name or not (epoch == "" or epoch.isdigit()) or not topics.is_terminal_id(name):
            return False
        try:
            key = await asyncio.to_thread(self._key, name)
        except sa.exc.SQLAlchemyError as error:
            logging.getLogger(__name__).error("cannot read the registry: %s", getattr(error, "orig", error))
            return False
        return key is not None and hmac.compare_digest(password.encode(), mqtt_password(key).encode())

    def _key(self, terminal: str) -> bytes | None:
        table = schema.terminals
        with self._database.read() as connection:
            row = connection.execute(sa.select(table.c.key, table.c.state).where(table.c.id == terminal)).first()
        return bytes(row.key) if row is not None and row.state != "fenced" else None


class OwnTopics(BaseTopicPlugin):
    """A terminal publishes only upwards and reads only downwards, under its own name; the centre the other way round."""

    @dataclass
    class Config:
        """Nothing to configure."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool | None:
        """Whether this client may do this with this topic."""
        return bool(session and topic and may(session.username or "", topic, action == Action.PUBLISH))


def may(user: str, topic: str, publish: bool) -> bool:
    """The access list: whether ``user`` may publish to (or subscribe to, or be sent) ``topic``, which may hold wildcards."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[:2] != ["cheyou", "1"]:
        return False
    if user == CENTRE:
        return parts[3] == ("down" if publish else "up")
    return parts[2] == user and parts[3] == ("up" if publish else "down")


def mqtt_password(key: bytes) -> str:
    """The broker password of the terminal with this key."""
    text: str = derive(key, b"mqtt").hex()
    return text


class _BoundedReader(StreamReaderAdapter):
    """Refuses a packet larger than `MAX_PACKET` before reading it."""

    async def read(self, n: int = -1) -> bytes:
        if n > MAX_PACKET:
            # Not amqtt's own error: after that it would go on reading in the middle of the packet.
            raise ConnectionAbortedError(f"packet of {n} bytes")
        data: bytes = await super().read(n)
        return data


class EmbeddedBroker(Broker):
    """amqtt's broker with bounded packets, without Nagle's delay, that keeps to itself what is retained for others."""

    async def stream_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str) -> None:
        """A client has connected."""
        await self._client_connected(listener_name, _BoundedReader(reader), StreamWriterAdapter(writer))

    async def _publish_retained_messages_for_subscription(self, subscription: tuple[str, int], session: Session) -> None:
        """amqtt 0.12.1 hands whoever connects what is retained for anybody's subscription: here for its own alone."""
        if any(subscriber.client_id == session.client_id for subscriber, _ in self._subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    @property
    def port(self) -> int:
        """The port clients connect to."""
        instance: Any = self._servers["default"].instance
        port: int = instance.sockets[0].getsockname()[1]
        return port


def _config(settings: dict[str, Any]) -> BrokerConfig:
    here = "central.broker"
    return BrokerConfig.from_dict(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{settings['host']}:{settings['port']}"}},
            "timeout_disconnect_delay": 2,
            "plugins": {
                f"{here}.RegistryAuth": {"url": settings["url"], "secret": settings["secret"]},
                f"{here}.OwnTopics": {},
            },
        }
    )


async def serve(settings: dict[str, Any]) -> None:
    """Run the broker until stdin closes."""
    broker = EmbeddedBroker(_config(settings))
    await broker.start()
    print(json.dumps({"port": broker.port}), flush=True)
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: _read_on(gone))
    await gone.wait()
    await broker.shutdown()


def _read_on(gone: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        gone.set()


def _line(file: int) -> bytes:
    """One line, read byte by byte: a buffered reader would swallow the end of the pipe that `serve` waits for."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(file, 1)
        if not byte:
            raise SystemExit("no configuration on stdin")
        line += byte
    return line


def main() -> None:
    """What the centre starts."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s broker: %(message)s")
    settings = json.loads(_line(sys.stdin.fileno()))
    # amqtt finds its plugins by module name, and this module runs as __main__.
    sys.modules.setdefault("central.broker", sys.modules[__name__])
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
