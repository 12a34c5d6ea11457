"""Fixtures of the centre's tests: databases of both kinds with demo data, and a whole centre behind either broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from central import demo, directory
from central.database import Database
from central.directory import Directory, Terminal
from host_tools import toolchain
from tests.central.processes import CentreProcess, MosquittoProcess, PostgresProcess
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

    def restart(self, fault: str | None = None) -> None:
        """Start the centre again, on the ports it had where the broker is its own."""
        port = 0 if self.broker else self.centre.mqtt_port
        self.centre = start(self.data, self.seeded.database, self.broker, fault, port)


def start(
    data: Path, database: Database, broker: MosquittoProcess | None, fault: str | None = None, port: int = 0
) -> CentreProcess:
    """Start a centre over ``database``."""
    url = database.url.render_as_string(hide_password=False)
    if broker:
        return CentreProcess(data, url, broker.url, broker.secret, fault)
    return CentreProcess(data, url, fault=fault, mqtt_port=port)


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
        (tmp_path / "mosquitto").mkdir()
        broker = MosquittoProcess(tool(toolchain.mosquitto), database, tmp_path / "mosquitto")
    try:
        running = Running(start(tmp_path, database, broker), seeded, tmp_path, broker)
        yield running
        running.centre.stop()
    finally:
        if broker:
            broker.stop()
