"""The log of who did what: every change an operator, a technician or a token makes. Never holds a member's number."""

from __future__ import annotations

import getpass
from typing import Any

import sqlalchemy as sa

from central import schema
from central.database import now


def note(connection: sa.Connection, who: str, action: str, subject: str, **detail: Any) -> None:
    """Write one line of the log, in the transaction of the change itself."""
    connection.execute(schema.audit.insert().values(time=now(), who=who[:60], action=action, subject=subject[:60], detail=detail))


def operator() -> str:
    """Who is at the command line."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # no name for this user id, as in a bare container
        return "cli"


def entries(connection: sa.Connection, since: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    """The latest ``limit`` lines from ``since`` (Unix seconds) on, newest first."""
    table = schema.audit
    found = connection.execute(sa.select(table).where(table.c.time >= since).order_by(table.c.id.desc()).limit(limit))
    return [dict(row._mapping) for row in found]
