"""Quarantine: what could not be decoded or accepted keeps its bytes, its reason and its time, where a person sees it (law 4).

What is proved to come from a terminal is always kept: it can be no larger than a message. What anyone could have sent, to us or
to a terminal that then tells us of it, is kept as a sample, so much a source and a day, and counted beyond that: a flood of junk
must not fill the disk. The source is the topic it came by, so a ``down`` topic says that the terminal has set it aside.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central import schema
from central.database import Database
from central.errors import CentreError
from protocol import fault, messages, topics

KEEP_BYTES = messages.MAX_JSON + messages.TAG_BYTES  # a genuine message is always kept whole
PER_SOURCE_A_DAY = 50
UNPROVED_A_DAY = 2000  # all sources together: topics are free to invent
STATES = ("held", "retried", "closed")
OTHERS = "(others)"
_DAY_S = 86_400
_SOURCES_A_MINUTE = 200

Excess = dict[tuple[str, int], tuple[int, int]]  # (source, day) -> (messages, bytes)


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
    sampled: bool

    @classmethod
    def of(cls, time: int, source: str, reason: str, content: bytes, terminal: str | None = None) -> Oddity:
        """Cut to what is kept, so that a megabyte does not wait in memory for its turn to be written."""
        digest = hashlib.sha256(content).hexdigest()
        kept = bytes(content[:KEEP_BYTES])
        return cls(time, source[:80], reason[:80], kept, len(content), digest, terminal, terminal is None)

    @classmethod
    def told(cls, terminal: str, body: bytes, received_at: int) -> Oddity:
        """What a terminal has set aside itself, as its ``fault`` message tells; `MessageError` when that can't be read."""
        source, reason, length, content = fault.decode(body)
        topic = topics.up(terminal, "fault") if source == fault.CRASH else topics.down(terminal, source)
        digest = hashlib.sha256(content).hexdigest()
        return cls(received_at, topic[:80], reason, content, length, digest, terminal, True)


class Gate:
    """Lets so many oddities a source and minute through to the database and counts the rest, before they cost anything."""

    def __init__(self) -> None:
        self._minute = 0
        self._seen: dict[str, int] = {}
        self._excess: dict[tuple[str, int], tuple[int, int]] = {}

    def admits(self, source: str, length: int, moment: int) -> bool:
        """Whether the next oddity of ``source`` (a topic, ``length`` bytes) is to be looked at; if not it is counted."""
        if moment // 60 != self._minute:
            self._minute = moment // 60
            self._seen.clear()
        source = source[:80]
        if source not in self._seen and len(self._seen) >= _SOURCES_A_MINUTE:
            source = OTHERS
        self._seen[source] = self._seen.get(source, 0) + 1
        if self._seen[source] <= PER_SOURCE_A_DAY and source != OTHERS:
            return True
        key = source, moment // _DAY_S
        messages_, bytes_ = self._excess.get(key, (0, 0))
        self._excess[key] = messages_ + 1, bytes_ + length
        return False

    def take(self) -> Excess:
        """What was counted since the last call."""
        excess, self._excess = self._excess, {}
        return excess


def keep(connection: sa.Connection, database: Database, oddities: list[Oddity]) -> None:
    """Write oddities down; the same bytes from the same source are counted on the entry that is there."""
    table = schema.quarantine
    for odd in oddities:
        same = sa.and_(table.c.source == odd.source, table.c.digest == odd.digest)
        again = table.update().where(same).values(seen=table.c.seen + 1, last_seen=odd.time)
        if connection.execute(again).rowcount:
            continue
        if odd.sampled and _full(connection, odd):
            count(connection, database, {(odd.source, odd.time // _DAY_S): (1, odd.length)})
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
    today = table.c.time >= odd.time - odd.time % _DAY_S
    counts = sa.select(
        sa.func.coalesce(sa.func.sum(sa.case((table.c.terminal.is_(None), 1), else_=0)), 0).label("all"),
        sa.func.coalesce(sa.func.sum(sa.case((table.c.source == odd.source, 1), else_=0)), 0).label("source"),
    ).where(today)
    row = connection.execute(counts).one()
    return bool((odd.terminal is None and row.all >= UNPROVED_A_DAY) or row.source >= PER_SOURCE_A_DAY)


def count(connection: sa.Connection, database: Database, excess: Excess) -> None:
    """Add to the counts of what was too much to keep."""
    table = schema.quarantine_overflow
    for (source, day), (messages_, bytes_) in excess.items():
        insert = database.insert(table).values(
            # Beyond the bound for all sources the counters must not grow a row a topic either.
            source=source if _known_source(connection, source) else OTHERS,
            day=day,
            messages=messages_,
            bytes=bytes_,
        )
        added = {"messages": table.c.messages + messages_, "bytes": table.c.bytes + bytes_}
        connection.execute(insert.on_conflict_do_update(index_elements=["source", "day"], set_=added))


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


def failures(connection: sa.Connection, terminal: str) -> list[dict[str, Any]]:
    """What a terminal has told of its failures, latest first: ``id, time, last_seen, seen, state, text, board`` (its name)."""
    table, of = schema.quarantine, schema.terminals.c.id == terminal
    board = connection.execute(sa.select(schema.terminals.c.board).where(of)).first()
    if board is None:
        raise CentreError(f"there is no terminal {terminal}", "see `cheyou terminals list`")
    told = sa.select(table).where(table.c.source == topics.up(terminal, "fault"), table.c.terminal == terminal)
    names = ("id", "time", "last_seen", "seen", "state")
    return [
        {name: getattr(row, name) for name in names} | {"text": bytes(row.bytes).decode(errors="replace"), "board": board[0]}
        for row in connection.execute(told.order_by(table.c.last_seen.desc(), table.c.id.desc()))
    ]


def entry(connection: sa.Connection, number: int) -> dict[str, Any]:
    """One entry with its bytes; `CentreError` when there is none."""
    row = connection.execute(sa.select(schema.quarantine).where(schema.quarantine.c.id == number)).first()
    if row is None:
        raise CentreError(f"there is no quarantine entry {number}", "see `cheyou quarantine list`")
    return dict(row._mapping)


def set_state(connection: sa.Connection, number: int, state: str) -> None:
    """Mark an entry as retried or closed; its bytes stay."""
    connection.execute(schema.quarantine.update().where(schema.quarantine.c.id == number).values(state=state))
