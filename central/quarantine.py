"""Quarantine: what could not be decoded or accepted keeps its bytes, its reason and its time, where a person sees it (law 4).

What is proved to come from a terminal is always kept: it can be no larger than a message. What anyone could have sent is kept
as a sample, so much a source and a day, and counted beyond that: a flood of junk must not fill the disk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central import schema
from central.database import Database
from central.errors import CentreError
from protocol import messages

KEEP_BYTES = messages.MAX_JSON + messages.TAG_BYTES  # a genuine message is always kept whole
PER_SOURCE_A_DAY = 50
UNPROVED_A_DAY = 2000  # all sources together: topics are free to invent
STATES = ("held", "retried", "closed")
_DAY_S = 86_400


@dataclass(frozen=True)
class Oddity:
    """Something that came and could not be used. ``terminal`` is set when its tag proved where it came from."""

    time: int
    source: str
    reason: str
    content: bytes
    length: int
    digest: str
    terminal: str | None

    @classmethod
    def of(cls, time: int, source: str, reason: str, content: bytes, terminal: str | None = None) -> Oddity:
        """Cut to what is kept, so that a megabyte does not wait in memory for its turn to be written."""
        digest = hashlib.sha256(content).hexdigest()
        return cls(time, source[:80], reason[:80], bytes(content[:KEEP_BYTES]), len(content), digest, terminal)


def keep(connection: sa.Connection, database: Database, oddities: list[Oddity]) -> None:
    """Write oddities down; the same bytes from the same source are counted on the entry that is there."""
    table = schema.quarantine
    for odd in oddities:
        same = sa.and_(table.c.source == odd.source, table.c.digest == odd.digest)
        again = table.update().where(same).values(seen=table.c.seen + 1, last_seen=odd.time)
        if connection.execute(again).rowcount:
            continue
        if odd.terminal is None and _full(connection, odd):
            _overflow(connection, database, odd)
            continue
        connection.execute(
            table.insert().values(
                time=odd.time,
                source=odd.source,
                terminal=odd.terminal,
                reason=odd.reason,
                bytes=odd.content,
                length=odd.length,
                digest=odd.digest,
                seen=1,
                last_seen=odd.time,
                state="held",
            )
        )


def _full(connection: sa.Connection, odd: Oddity) -> bool:
    table = schema.quarantine
    today = sa.and_(table.c.terminal.is_(None), table.c.time >= odd.time - odd.time % _DAY_S)
    counts = sa.select(
        sa.func.count().label("all"),
        sa.func.coalesce(sa.func.sum(sa.case((table.c.source == odd.source, 1), else_=0)), 0).label("source"),
    ).where(today)
    row = connection.execute(counts).one()
    return bool(row.all >= UNPROVED_A_DAY or row.source >= PER_SOURCE_A_DAY)


def _overflow(connection: sa.Connection, database: Database, odd: Oddity) -> None:
    table = schema.quarantine_overflow
    insert = database.insert(table).values(
        # Beyond the bound for all sources the counter must not grow a row a topic either.
        source=odd.source if _known_source(connection, odd.source) else "(others)",
        day=odd.time // _DAY_S,
        messages=1,
        bytes=odd.length,
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["source", "day"],
            set_={"messages": table.c.messages + 1, "bytes": table.c.bytes + odd.length},
        )
    )


def _known_source(connection: sa.Connection, source: str) -> bool:
    table = schema.quarantine
    return connection.scalar(sa.select(table.c.id).where(table.c.source == source).limit(1)) is not None


def listing(connection: sa.Connection, state: str | None = None) -> list[dict[str, Any]]:
    """Entries, newest first, without their bytes; then what was only counted."""
    table, over = schema.quarantine, schema.quarantine_overflow
    query = sa.select(table).order_by(table.c.id.desc())
    if state:
        query = query.where(table.c.state == state)
    names = ("id", "time", "source", "terminal", "reason", "length", "seen", "last_seen", "state")
    entries = [{name: getattr(row, name) for name in names} for row in connection.execute(query)]
    if state in (None, "held"):
        entries.extend(
            {"id": None, "time": row.day * _DAY_S, "source": row.source, "terminal": None, "reason": "counted only",
             "length": row.bytes, "seen": row.messages, "last_seen": None, "state": "counted"}
            for row in connection.execute(sa.select(over).order_by(over.c.day.desc()))
        )  # fmt: skip
    return entries


def entry(connection: sa.Connection, number: int) -> dict[str, Any]:
    """One entry with its bytes; `CentreError` when there is none."""
    row = connection.execute(sa.select(schema.quarantine).where(schema.quarantine.c.id == number)).first()
    if row is None:
        raise CentreError(f"there is no quarantine entry {number}", "see `cheyou quarantine list`")
    return dict(row._mapping)


def set_state(connection: sa.Connection, number: int, state: str) -> None:
    """Mark an entry as retried or closed; its bytes stay."""
    connection.execute(schema.quarantine.update().where(schema.quarantine.c.id == number).values(state=state))
