"""The running centre: puts the parts together, keeps them up to date with the database, and shuts them down."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from central import day_closes, quarantine, registry, schema
from central import directory as directories
from central.checks import Checks, Reader
from central.database import Database, now
from central.directory import EMPTY, Directory, Terminal
from central.dispatch import Dispatch
from central.errors import CentreError
from central.ingest import Receipt
from central.link import Endpoint, Link
from central.lists import Lists
from central.publisher import Publisher
from central.quarantine import Oddity
from central.writer import Writer
from protocol import messages, topics
from protocol.messages import hex_of, tagged
from protocol.reasons import CODES

log = logging.getLogger(__name__)

WATCH_S = 0.5  # how soon a change made by another process takes effect
OFFER_AGAIN_S = 6 * 3600
BEHIND_S = 0.25  # how long the log of checks may trail behind the checks
_RECEIPTS = {"records": "receipt", "refusals": "refused"}
_CHUNK_HEAD = "<III"


class Service:
    """One centre. ``await run()`` until cancelled."""

    def __init__(self, database: Database, endpoint: Endpoint) -> None:
        self.database = database
        self.reader = Reader(database)
        self.writer = Writer(database, self._deliver)
        self.lists = Lists(database)
        self.link = Link(endpoint, self._hear, self._connected)
        self.publisher = Publisher(database, self.link, self.lists)
        self.checks = Checks(self.reader)
        self.dispatch = Dispatch(
            self.checks, self._send, self.writer.take, self._odd, self._ask, self._greet, self._fetch, self._close
        )
        self.directory: Directory = EMPTY
        self.started_at = now()
        self._all_due = False
        self.unanswered = 0  # checks the database could not answer: the terminal decides alone
        self._loop: asyncio.AbstractEventLoop | None = None
        # A server on the network can keep us waiting, so it is asked on a thread; SQLite answers faster than a thread starts.
        self._lane = None if database.is_sqlite else ThreadPoolExecutor(1, thread_name_prefix="reader")

    async def run(self) -> None:
        """Serve until cancelled; then write what has been heard and close."""
        self._loop = asyncio.get_running_loop()
        await self._reload()
        await asyncio.to_thread(self.lists.load)
        with self.database.read() as connection:
            self.checks.restore_holds(connection, self.directory, now())
        self.writer.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in (self.link.run(), self._watch(), self._write_behind(), self._watch_lists()):
                    tasks.create_task(part)
        finally:
            self._flush()
            await asyncio.to_thread(self.writer.stop)
            if self._lane:
                self._lane.shutdown(wait=True)
            self.reader.close()

    # from the broker

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        self.dispatch.hear(topic, payload, retained)

    async def _connected(self) -> None:
        log.info("connected to the broker")
        self._all_due = True  # the broker may have forgotten what it retained
        await self._publish()

    async def _publish(self) -> None:
        """Bring the broker up to date. What the database would not give now is tried again at the next look."""
        everything, self._all_due = self._all_due, False
        try:
            await self.publisher.publish(self.directory, everything)
        except sa.exc.SQLAlchemyError as error:
            self._all_due = True
            self._unanswered(error)

    def _greet(self, terminal: Terminal, hello: dict[str, Any]) -> None:
        """Welcome a terminal: the time, and what we hold of its epoch. Settings and lists go out again if it lacks them."""
        epoch = hello["epoch"]

        def found(position: tuple[int, bytes] | None) -> None:
            upto, chain = position or (0, terminal.keys.opener("records").genesis(epoch))
            self._send(
                terminal,
                "welcome",
                messages.encode("welcome", session=hello["session"], time=now(), epoch=epoch, received=upto, chain=hex_of(chain)),
            )
            for body in self.lists.bodies():
                self._send(terminal, "list", body)

        self._ask(lambda: self.reader.position(terminal.id, "records", epoch), found)

    def _fetch(self, terminal: Terminal, wanted: dict[str, Any]) -> None:
        key = wanted["list"], wanted["version"], wanted["offset"]
        content = self.lists.chunk(key[0], key[1], key[2], wanted["length"])
        # A file that is gone is answered too, with no bytes: the terminal looks for another offer instead of waiting.
        self._send(terminal, "chunk", struct.pack(_CHUNK_HEAD, *key) + (content or b""))

    def _close(self, terminal: Terminal, told: dict[str, Any]) -> None:
        """After what the terminal has sent before: the writer does one thing after the other."""
        answer: dict[str, Any] = {}
        moment = now()
        self.writer.do(
            lambda connection: answer.update(day_closes.close(connection, terminal, told, moment)),
            lambda: self._soon(lambda: self._send(terminal, "closed", messages.encode("closed", **answer))),
        )

    # to the broker

    def _send(self, terminal: Terminal, name: str, body: bytes) -> None:
        topic = topics.down(terminal.id, name)
        self.link.publish(topic, tagged(terminal.keys.message, topic, body))

    def _deliver(self, receipts: list[Receipt]) -> None:
        """Called by the writer's thread, after its commit."""
        payloads = []
        for receipt in receipts:
            topic = topics.down(receipt.terminal.id, _RECEIPTS[receipt.stream])
            body = messages.encode(
                _RECEIPTS[receipt.stream],
                epoch=receipt.epoch,
                upto=receipt.position.upto,
                chain=hex_of(receipt.position.chain),
            )
            payloads.append((topic, tagged(receipt.terminal.keys.message, topic, body)))
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._publish_all, payloads)

    def _publish_all(self, payloads: list[tuple[str, bytes]]) -> None:
        for topic, payload in payloads:
            self.link.publish(topic, payload)

    # from and to the database

    def _ask(self, read: Callable[[], Any], then: Callable[[Any], None]) -> None:
        if self._lane is None:
            try:
                found = read()
            except sa.exc.SQLAlchemyError as error:
                self._unanswered(error)
            except Exception as error:
                self._unanswered(error)
            else:
                then(found)
            return
        future = self._lane.submit(read)
        loop = self._loop
        assert loop is not None  # noqa: S101 - messages come only while the loop runs
        future.add_done_callback(lambda done: loop.call_soon_threadsafe(self._asked, done, then))

    def _asked(self, done: Any, then: Callable[[Any], None]) -> None:
        error = done.exception()
        if error:
            self._unanswered(error)
        else:
            then(done.result())

    def _unanswered(self, error: BaseException) -> None:
        self.unanswered += 1
        log.error("a read failed: %s", str(getattr(error, "orig", error)).splitlines()[0][:200])

    def _odd(self, oddity: Oddity, done: Callable[[], None] | None) -> None:
        """``done`` is called here, once it is kept."""
        then = (lambda: self._soon(done)) if done else None
        self.writer.do(lambda connection: quarantine.keep(connection, self.database, [oddity]), then)

    def _soon(self, call: Callable[[], None]) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    async def _watch(self) -> None:
        """Read the directory anew when another process has changed the registry, or a stranger has spoken."""
        last_stranger = 0.0
        while True:
            try:
                async with asyncio.timeout(WATCH_S):
                    await self.dispatch.stranger.wait()
                # Strangers may knock as often as they like: the database is asked at most so often for them.
                await asyncio.sleep(max(0.0, last_stranger + WATCH_S - asyncio.get_running_loop().time()))
                last_stranger = asyncio.get_running_loop().time()
            except TimeoutError:
                pass
            self.dispatch.stranger.clear()
            try:
                if await asyncio.to_thread(self._revision) != self.directory.revision:
                    await self._reload()
                    await self._publish()
                elif self._all_due and self.link.up.is_set():
                    await self._publish()
            except sa.exc.SQLAlchemyError as error:
                self._unanswered(error)
            self.dispatch.look_again()

    def _revision(self) -> int:
        with self.database.read() as connection:
            return directories.revision(connection, "registry")

    async def _reload(self) -> None:
        directory = await asyncio.to_thread(self._load)
        self.directory = self.dispatch.directory = self.writer.directory = directory

    def _load(self) -> Directory:
        with self.database.read() as connection:
            return directories.load(connection, self.directory)

    async def _watch_lists(self) -> None:
        """Build lists when members have changed, and offer them: new ones at once, the same again now and then, because a
        terminal trusts a list only for so long after it was last told that nothing newer exists."""
        offered_at = now()
        while True:
            try:
                new = await self.lists.refresh(self.directory)
                if new:
                    await self._publish()
                if new or now() - offered_at >= OFFER_AGAIN_S:
                    offered_at = now()
                    await self._offer_all()
            except (sa.exc.SQLAlchemyError, CentreError) as error:
                self._unanswered(error)
            await asyncio.sleep(WATCH_S)

    async def _offer_all(self) -> None:
        for at, terminal in enumerate(self.directory.terminals.values()):
            for body in self.lists.bodies():
                self._send(terminal, "list", body)
            if at % 200 == 199:
                await asyncio.sleep(0.05)  # checks go first

    async def _write_behind(self) -> None:
        while True:
            await asyncio.sleep(BEHIND_S)
            self._flush()

    def _flush(self) -> None:
        """Hand what is written behind to the writer: checks answered, and what terminals said of themselves."""
        checked, self.dispatch.checked = self.dispatch.checked, []
        sightings, self.dispatch.sightings = self.dispatch.sightings, {}
        if checked:
            rows = [{**row, "reason": CODES[row["reason"]]} for row in checked]
            self.writer.do(lambda connection: _insert_checks(connection, rows))
        if sightings:
            self.writer.do(lambda connection: registry.seen(connection, sightings))
        excess = self.dispatch.gate.take()
        if excess:
            self.writer.do(lambda connection: quarantine.count(connection, self.database, excess))


def _insert_checks(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(schema.checks.insert(), rows)
