"""The database: SQLite in a file by default, PostgreSQL by URL, the same code on both.

SQLite runs with a write-ahead log, so that checks read while records are written. A receipt promises that a power cut takes
nothing back: SQLite runs with ``synchronous=FULL``, PostgreSQL with ``synchronous_commit``, whatever its server says.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from central import schema
from central.errors import CentreError
from protocol import tiers

_BUSY_MS = 20_000
_CONNECT_S = 5


class Database:
    """One engine and what the two dialects need done differently."""

    def __init__(self, url: str) -> None:
        self.url = normal_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sa.create_engine(self.url)
            sa.event.listen(self.engine, "connect", _on_sqlite_connect)
            sa.event.listen(self.engine, "begin", _on_sqlite_begin)
        else:
            self.engine = sa.create_engine(
                self.url, pool_pre_ping=True, pool_size=8, connect_args={"connect_timeout": _CONNECT_S}
            )
            sa.event.listen(self.engine, "connect", _on_postgresql_connect)
        # Reads outside a transaction: each statement sees the latest commit, and no lock outlives it.
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def create(self) -> None:
        """Make the tables where there are none, and put in what every centre starts with; `CentreError` for another release's."""
        try:
            with self.read() as connection:
                held = revision_of(connection)
            if held is None:
                with self.write() as connection:
                    if revision_of(connection) is None:  # another process may have been here meanwhile
                        _furnish(connection)
            elif held != schema.REVISIONS[-1]:
                raise CentreError(
                    f"the database has revision {held}, this release needs {schema.REVISIONS[-1]}",
                    "stop the centre, keep a copy of the database, run `cheyou central upgrade`"
                    if held in schema.REVISIONS
                    else "start the newer release",
                )
        except sa.exc.OperationalError as error:
            raise CentreError(f"cannot open the database: {error.orig}", "check --db or --data and start again") from None

    def write(self) -> Any:
        """A context manager: a connection inside a transaction that commits at the end, or rolls back on an exception."""
        return self.engine.begin()

    def read(self) -> Any:
        """A context manager: a connection that reads the latest committed state."""
        return self._reading.connect()

    def insert(self, table: sa.Table) -> Any:
        """An ``INSERT`` that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update`` in this dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def dispose(self) -> None:
        """Close pooled connections."""
        self.engine.dispose()


def normal_url(url: str) -> sa.URL:
    """The SQLAlchemy URL of ``url``: ``sqlite:///file``, a bare path, or ``postgresql://…`` (read with psycopg 3)."""
    if "://" not in url:
        return sa.URL.create("sqlite", database=url)
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise CentreError("that is no database URL", "give sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return parsed.set(drivername="sqlite")
    raise CentreError(f"{parsed.get_backend_name()} is not supported", "give sqlite:///FILE or postgresql://USER@HOST/NAME")


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def _furnish(connection: sa.Connection) -> None:
    schema.metadata.create_all(connection)
    schema.revision.create(connection)
    connection.execute(schema.revision.insert().values(version_num=schema.REVISIONS[-1]))
    connection.execute(schema.tiers.insert(), [dict(tier) for tier in tiers.DEFAULT])


def revision_of(connection: sa.Connection) -> str | None:
    """Which of `schema.REVISIONS` a database has reached; None for one that is empty."""
    names = sa.inspect(connection).get_table_names()
    if schema.revision.name in names:
        held: str | None = connection.scalar(sa.select(schema.revision.c.version_num))
        return held
    # The first release wrote the number of its tables among the operator's settings.
    return schema.REVISIONS[0] if schema.properties.name in names else None


def touch(connection: sa.Connection, name: str) -> None:
    """Tell whoever watches revision ``name`` that something has changed; takes effect with the transaction."""
    table = schema.revisions
    changed = connection.execute(table.update().where(table.c.name == name).values(value=table.c.value + 1))
    if not changed.rowcount:
        connection.execute(table.insert().values(name=name, value=1))


def _on_sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction control begins late and commits early; SQLAlchemy's "begin" event says BEGIN instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _on_sqlite_begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        # IMMEDIATE: a transaction that read first and wrote later could not wait its turn.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _on_postgresql_connect(connection: Any, _record: object) -> None:
    # Outside a transaction, or the next rollback would take it back. Only "off" answers before the flush; what waits for
    # standbys too stays as it is.
    connection.autocommit = True
    connection.execute("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
    connection.autocommit = False
