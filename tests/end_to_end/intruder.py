"""Somebody who is logged in at the broker and publishes what should not be published."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

from tests.wire_mqtt import WireMqtt


class Intruder:
    """A connection of its own, as `user`; a new one whenever the broker has had enough of the last."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._who = port, user, password
        self._line: WireMqtt | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self._line:
            self._loop.call_soon_threadsafe(self._line.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def post(self, topic: str, payload: bytes) -> None:
        """Publish."""
        asyncio.run_coroutine_threadsafe(self._post(topic, payload), self._loop).result(10)

    def provoke(self, topic: str, payload: bytes) -> None:
        """Publish what makes the broker close the connection, and wait until it has."""
        asyncio.run_coroutine_threadsafe(self._provoke(topic, payload), self._loop).result(20)

    async def _post(self, topic: str, payload: bytes) -> WireMqtt:
        line = self._line
        if line is None or line.closed.done():
            port, user, password = self._who
            line = await WireMqtt.connect("127.0.0.1", port, user, password, lambda _topic, _payload: None, username=user)
            self._line = line
        line.publish(topic, payload)
        return line

    async def _provoke(self, topic: str, payload: bytes) -> None:
        await (await self._post(topic, payload)).closed
