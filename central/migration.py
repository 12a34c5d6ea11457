"""Brings an older database up to this release. One transaction, on SQLite too: all of it happens, or nothing.

Kept apart from the database itself: Alembic is loaded when there is something for it to do.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from central.database import Database, revision_of
from central.errors import CentreError
from central.schema import REVISIONS


def upgrade(database: Database) -> tuple[str, str]:
    """(revision before, revision after); `CentreError` when there is no centre's database, or one of a newer release."""
    try:
        with database.write() as connection:
            before = revision_of(connection)
            if before is None:
                raise CentreError("there is no database of a centre yet", "`cheyou central serve` makes one")
            if before not in REVISIONS:
                raise CentreError(
                    f"the database has revision {before}, which this release does not know", "start the newer release"
                )
            step(connection, before)
    except sa.exc.OperationalError as error:
        raise CentreError(
            f"cannot upgrade the database: {error.orig}", "check --db or --data, and that no centre is running"
        ) from None
    return before, REVISIONS[-1]


def step(connection: sa.Connection, before: str | None, to: str = "head") -> None:
    """Run the steps after ``before`` (None: all) inside the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if before:
        # The first release had no table of Alembic's.
        command.stamp(config, before)
    command.upgrade(config, to)
