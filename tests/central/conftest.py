"""Fixtures of the centre's tests: databases of both kinds with demo data, and a whole centre behind either broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from central import demo, directory
from central.database import Database
from central.directory import Directory, Terminal
from host_tools import toolchain
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.mosquitto_process import MosquittoProcess
from tests.central.postgres_process import PostgresProcess
from tests.wire_terminal import WireTerminal


@pytest.fixture(scope="session")
def postgres(tool: Callable[[Callable[[], Path]], Path]) -> Iterator[PostgresProcess]:
    """A PostgreSQL server for all tests."""
    server = PostgresProcess(tool(toolchain.postgres_bin))
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    else:
        opened = Database(request.getfixturevalue("postgres").database())
    opened.create()
    yield opened
    opened.dispose()


@dataclass
class Seeded:
    """A database with the demo data, and what its terminal is."""

    database: Database
    key: bytes

    @property
    def directory(self) -> Directory:
        """A fresh snapshot."""
        with self.database.read() as connection:
            return directory.load(connection)

    @property
    def terminal(self) -> Terminal:
        """The demo terminal as the centre sees it."""
        return self.directory.terminals[demo.TERMINAL]


@pytest.fixture
def seeded(database: Database) -> Seeded:
    """Demo data in a database of each kind."""
    return Seeded(database, demo.seed(database))


@dataclass
class Running:
    """A centre and its broker, and where its terminals connect."""

    centre: CentreProcess
    seeded: Seeded
    data: Path
    broker: MosquittoProcess | None

    def terminal(self, epoch: int = 1, name: str = demo.TERMINAL, key: bytes | None = None) -> WireTerminal:
        """A terminal at the level of the protocol, not yet connected."""
        return WireTerminal(name, key or self.seeded.key, "127.0.0.1", self.centre.mqtt_port, epoch)

    @property
    def url(self) -> str:
        """Where HTTP is."""
        return f"http://127.0.0.1:{self.centre.http_port}"

    def admit(self) -> None:
        """Tell the broker of terminals that were registered a moment ago; the embedded one knows them by itself."""
        if self.broker:
            self.broker.admit(self.seeded.database)
            time.sleep(0.3)


@pytest.fixture(params=["embedded", "mosquitto"])
def broker_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of broker."""
    return str(request.param)


@pytest.fixture
def running(broker_kind: str, tmp_path: Path, tool: Callable[[Callable[[], Path]], Path]) -> Iterator[Running]:
    """A centre on SQLite with demo data behind each kind of broker."""
    database = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    database.create()
    seeded = Seeded(database, demo.seed(database))
    broker = None
    if broker_kind == "mosquitto":
        tool(toolchain.mosquitto)
        broker = MosquittoProcess(tmp_path / "mosquitto")
        broker.admit(database)
        broker.start()
    centre = CentreProcess(tmp_path, broker)
    try:
        centre.start()
        yield Running(centre, seeded, tmp_path, broker)
    finally:
        centre.stop()
        if broker:
            broker.stop()
        database.dispose()
