"""What breaks around the centre: database gone, disk full, storage read-only, broker away. Nothing is lost, and it is said."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from central import demo, schema, verify
from central.database import Database
from central.writer import Writer
from host_tools import toolchain
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.mosquitto_process import MosquittoProcess
from tests.central.chains import batch, journal
from tests.central.conftest import Running, Seeded
from tests.central.postgres_process import PostgresProcess


def health(running: Running) -> tuple[int, list[str]]:
    """(status, faults) of /healthz."""
    try:
        with urllib.request.urlopen(running.url + "/healthz", timeout=10) as answer:  # noqa: S310
            return answer.status, json.load(answer)["faults"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["faults"]


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.1)


def once_each(database: Database, count: int) -> bool:
    """Whether exactly the records 1 to ``count`` are stored, and the chain walks through."""
    with database.read() as connection:
        held = list(connection.scalars(sa.select(schema.records.c.sequence).order_by(schema.records.c.id)))
        return held == list(range(1, count + 1)) and all(row["ok"] for row in verify.terminal(connection, demo.TERMINAL))


@pytest.fixture
def own_postgres(tool: Callable[[Callable[[], Path]], Path]) -> Iterator[PostgresProcess]:
    """A PostgreSQL server that a test may kill."""
    server = PostgresProcess(tool(toolchain.postgres_bin))
    yield server
    server.remove()


def test_postgres_dies_and_comes_back(own_postgres: PostgresProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks go unanswered at once (the terminal decides alone), records wait at the terminal; then all arrive, once."""
    database = Database(own_postgres.database())
    database.create()
    monkeypatch.setenv("CHEYOU_DB", database.url.render_as_string(hide_password=False))
    running = Running(CentreProcess(tmp_path), Seeded(database, demo.seed(database)), tmp_path, None)
    running.centre.start()

    async def scenario() -> None:
        terminal = running.terminal()
        terminal.resend_s = 0.3
        await terminal.connect()
        for _ in range(10):
            terminal.redeem(13_800_138_000)
        await terminal.drained()
        assert (await terminal.check("13800138000"))["reason"] == "valid"
        await asyncio.to_thread(own_postgres.kill)
        for _ in range(10):
            terminal.redeem(13_800_138_000)
        with pytest.raises(TimeoutError):
            await terminal.check("13800138000", timeout=1)
        await until(lambda: health(running)[0] == 503)
        assert "database" in health(running)[1][0]
        assert terminal.journal.receipted == 10
        await asyncio.to_thread(own_postgres.start)
        await terminal.drained(40)
        assert (await terminal.check("13800138000"))["reason"] == "valid"
        await until(lambda: health(running)[0] == 200)
        terminal.power_cut()

    try:
        asyncio.run(scenario())
    finally:
        running.centre.stop()
    database.dispose()
    assert once_each(Database(database.url.render_as_string(hide_password=False)), 20)


def test_postgres_gone_for_an_hour(own_postgres: PostgresProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time compressed a thousandfold: the writer's pauses (5 s) and the terminals' resends (5 s) take 5 ms, so an hour is 720 of
    them. Nothing piles up but what only the centre holds; then everything is there, once."""
    hour, turns = 3.6, 720
    monkeypatch.setattr("central.writer._RETRY_S", (0.0002, 0.005))
    database = Database(own_postgres.database())
    database.create()
    seeded = Seeded(database, demo.seed(database))
    receipts: list[object] = []
    writer = Writer(database, receipts.extend)
    writer.directory = seeded.directory
    terminal, made = seeded.terminal, journal(seeded.key, 96)

    def resend() -> None:
        for first in (1, 33, 65):
            writer.take(batch(terminal, made, first, first + 31))

    def job(connection: sa.Connection) -> None:
        connection.execute(schema.audit.insert(), [{"time": 1, "who": "job", "action": "x", "subject": "x", "detail": {}}])

    own_postgres.kill()
    writer.start()
    try:
        began = time.monotonic()
        most = 0
        for turn in range(turns):
            resend()
            writer.do(job)
            most = max(most, writer.waiting)
            time.sleep(max(0.0, began + hour * (turn + 1) / turns - time.monotonic()))
        assert not writer.healthy and not receipts
        assert writer.counters.failures > 50, "it goes on trying"
        assert most < 720, "what terminals send again does not pile up"
        own_postgres.start()
        resend()
        asyncio.run(until(lambda: writer.healthy and len(receipts) >= 3))
    finally:
        writer.stop()
    assert once_each(database, 96)
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(schema.audit.c.who == "job")) == turns
    database.dispose()


@pytest.mark.parametrize("broker_kind", ["mosquitto"], indirect=True)
def test_broker_dies_and_comes_back(running: Running) -> None:
    """The centre says so, comes back by itself, and publishes settings and lists again: the broker has forgotten them."""
    broker = running.broker
    assert isinstance(broker, MosquittoProcess)

    async def scenario() -> None:
        terminal = running.terminal()
        terminal.resend_s = 0.3
        staying = asyncio.create_task(terminal.stay())
        terminal.redeem(13_800_138_000)
        await terminal.drained()
        await asyncio.to_thread(broker.stop)
        for _ in range(40):
            terminal.redeem(13_800_138_000)
        await until(lambda: health(running)[0] == 503)
        terminal.heard.clear()
        await asyncio.to_thread(broker.start)
        await terminal.drained()
        await terminal.hear("settings")
        await terminal.hear("list")
        assert health(running) == (200, [])
        staying.cancel()
        terminal.power_cut()

    asyncio.run(scenario())
    running.centre.stop()
    assert once_each(running.seeded.database, 41)


@pytest.mark.parametrize("broker_kind", ["embedded"], indirect=True)
def test_the_embedded_broker_is_started_again(running: Running) -> None:
    """It is a process of its own; when it dies the centre starts it on the same port and goes on."""
    centre = running.centre._process
    assert centre
    children = Path(f"/proc/{centre.pid}/task/{centre.pid}/children").read_text().split()

    async def scenario() -> None:
        terminal = running.terminal()
        terminal.resend_s = 0.3
        staying = asyncio.create_task(terminal.stay())
        terminal.redeem(13_800_138_000)
        await terminal.drained()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        terminal.redeem(13_800_138_000)
        await terminal.drained()
        staying.cancel()
        terminal.power_cut()

    asyncio.run(scenario())
    running.centre.stop()
    assert len(children) == 1 and once_each(running.seeded.database, 2)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", ["full", "readonly"])
def test_storage_that_takes_nothing(seeded: Seeded, fault: str) -> None:
    """No receipt without a commit; what only the centre holds waits; once storage is back it goes on by itself."""
    receipts: list[object] = []
    writer = Writer(seeded.database, receipts.extend)
    writer.directory = seeded.directory
    made = journal(seeded.key, 320)
    broken = [True]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        # SQLite's own errors for a full disk and for a file it may not write, without a disk to fill.
        if fault == "full":
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages if broken[0] else 2**30}")
        else:
            connection.execute(f"PRAGMA query_only={int(broken[0])}")

    def job(connection: sa.Connection) -> None:
        connection.execute(
            schema.audit.insert(), [{"time": 1, "who": "job", "action": "x", "subject": "x", "detail": "y" * 4000}] * 50
        )

    def hand_over() -> None:
        for first in range(1, 320, 32):
            writer.take(batch(seeded.terminal, made, first, first + 31))

    sa.event.listen(seeded.database.engine, "checkout", limit)
    writer.do(job)
    hand_over()
    writer.start()
    try:
        asyncio.run(until(lambda: not writer.healthy))
        assert not receipts and fault in writer.counters.last_error
        broken[0] = False
        hand_over()  # as the terminal does when no receipt comes
        asyncio.run(until(lambda: writer.healthy and len(receipts) >= 10))
    finally:
        writer.stop()
    assert once_each(seeded.database, 320)
    with seeded.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(schema.audit.c.who == "job")) == 50
