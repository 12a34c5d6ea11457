"""Keeps every terminal's retained settings and list offers at the broker up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable

from central import settings_message
from central.database import Database, now
from central.directory import Directory, Terminal
from central.link import Link
from central.lists import Lists
from protocol import messages, topics
from protocol.messages import MessageError

log = logging.getLogger(__name__)

_AT_ONCE = 200


class Publisher:
    """Publishes what is new, and everything again after the broker has been away: it may have forgotten."""

    def __init__(self, database: Database, link: Link, lists: Lists) -> None:
        self._database = database
        self._link = link
        self._lists = lists
        self._turn = asyncio.Lock()
        self.versions: dict[str, int] = {}  # settings version by terminal, as last published
        self.too_large: set[str] = set()

    async def publish(self, directory: Directory, everything: bool) -> None:
        """Bring the broker up to date with ``directory``; all of it when ``everything``, else what has changed."""
        async with self._turn:
            renewed = await asyncio.to_thread(self._renewed, directory)
            waiting = []
            for terminal, version, fields, changed in renewed:
                if everything or changed or self.versions.get(terminal.id) != version:
                    payload = self._payload(terminal, version, fields)
                    if payload:
                        waiting.append(self._settings(terminal, version, payload))
            await self._all(waiting)
            await self._all([self._offer(terminal, payload) for terminal, payload in self._lists.offers(directory, everything)])

    def _renewed(self, directory: Directory) -> list[tuple[Terminal, int, dict[str, object], bool]]:
        with self._database.write() as connection:
            return settings_message.renewed(connection, directory, self._lists.keys, now())

    def _payload(self, terminal: Terminal, version: int, fields: dict[str, object]) -> bytes | None:
        try:
            payload = settings_message.payload(terminal, version, fields)
        except MessageError as error:
            if terminal.id not in self.too_large:
                log.error("settings of %s cannot be sent: %s; shorten its offers", terminal.id, error)
            self.too_large.add(terminal.id)
            return None
        self.too_large.discard(terminal.id)
        return payload

    async def _settings(self, terminal: Terminal, version: int, payload: bytes) -> None:
        if await self._link.retain(topics.down(terminal.id, "settings"), payload):
            self.versions[terminal.id] = version

    async def _offer(self, terminal: Terminal, body: bytes) -> None:
        topic = topics.down(terminal.id, "list")
        await self._link.retain(topic, messages.tagged(terminal.keys.message, topic, body))

    async def _all(self, waiting: Iterable[Coroutine[None, None, None]]) -> None:
        """Await these, some at a time: a retained message is confirmed by the broker before its place is given away."""
        todo = list(waiting)
        for at in range(0, len(todo), _AT_ONCE):
            await asyncio.gather(*todo[at : at + _AT_ONCE])
