"""Incidents: what the chain of a terminal must never show. Both versions are kept, and a person decides."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from central import schema

FORK, GAP, UNREADABLE = "fork", "gap", "unreadable"
STATES = ("open", "taken", "closed")


def note(
    connection: sa.Connection,
    *,
    kind: str,
    terminal: str,
    stream: str,
    epoch: int,
    first: int,
    chain_before: bytes,
    offered: list[bytes],
    held: list[bytes],
    moment: int,
    state: str = "open",
) -> int:
    """Keep what was offered beside what is held; returns how often just this has been offered by now.

    A terminal offers again until it gets its receipt: the same offer is counted, not kept twice.
    """
    table = schema.incidents
    content = b"".join(offered)
    digest = hashlib.sha256(chain_before + content).hexdigest()
    where = sa.and_(
        table.c.terminal == terminal,
        table.c.stream == stream,
        table.c.epoch == epoch,
        table.c.first == first,
        table.c.digest == digest,
    )
    known = connection.execute(sa.select(table.c.id, table.c.offers).where(where)).first()
    if known is not None:
        connection.execute(table.update().where(table.c.id == known.id).values(offers=known.offers + 1, last_offer=moment))
        return int(known.offers) + 1
    connection.execute(
        table.insert().values(
            time=moment,
            terminal=terminal,
            stream=stream,
            kind=kind,
            epoch=epoch,
            first=first,
            upto=first + len(offered) - 1,
            digest=digest,
            chain_before=chain_before,
            offered=content,
            held=b"".join(held),
            offers=1,
            last_offer=moment,
            state=state,
        )
    )
    return 1


def taken(connection: sa.Connection, terminal: str, stream: str, epoch: int, first: int) -> None:
    """Records after a gap have been taken in after all: say so on the incident, which stays for a person to look at."""
    table = schema.incidents
    connection.execute(
        table.update()
        .where(
            table.c.terminal == terminal,
            table.c.stream == stream,
            table.c.epoch == epoch,
            table.c.first == first,
            table.c.kind == GAP,
        )
        .values(state="taken")
    )


def listing(connection: sa.Connection, terminal: str | None = None) -> list[dict[str, Any]]:
    """Incidents, newest first, without their bytes."""
    table = schema.incidents
    query = sa.select(table).order_by(table.c.id.desc())
    if terminal:
        query = query.where(table.c.terminal == terminal)
    names = ("id", "time", "terminal", "stream", "kind", "epoch", "first", "upto", "offers", "last_offer", "state")
    return [{name: getattr(row, name) for name in names} for row in connection.execute(query)]
