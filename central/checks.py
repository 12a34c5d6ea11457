"""Checks: the verdict chain over what the centre knows at this moment.

The path is short on purpose. Terminals, offers and tiers come from the directory in memory; the member and the uses come from
one prepared statement each, on a connection of its own that sees the latest commit.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import members, schema, timeline
from central.database import Database
from central.directory import Directory, Terminal
from central.judgement import counting
from central.timeline import Span
from protocol import month as months
from protocol.verdict import Facts, decide, refused_before_lookup


class Prepared:
    """A SELECT compiled once for the dialect and run on the driver's own cursor.

    SQLAlchemy's execution costs four times what SQLite needs to answer; for a check that is most of the time there is.
    """

    def __init__(self, database: Database, statement: sa.Select[Any]) -> None:
        compiled = statement.compile(dialect=database.engine.dialect)
        self._sql = str(compiled)
        self._names: list[str] | None = list(compiled.positiontup) if compiled.positiontup else None
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def all(self, cursor: Any, **parameters: Any) -> list[Any]:
        """The rows."""
        values = self._fixed | parameters
        cursor.execute(self._sql, values if self._names is None else [values[name] for name in self._names])
        rows: list[Any] = cursor.fetchall()
        return rows


class Reader:
    """Reads what a check needs. Belongs to the one thread that uses it; `close` before the database is disposed of."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._cursor: Any = None
        m, r = schema.members.c, schema.records.c
        self._member = Prepared(
            database,
            sa.select(m.active_from, m.tier, m.active_until, m.blocked)
            .where(m.member == sa.bindparam("member"))
            .order_by(m.active_from),
        )
        self._uses = Prepared(
            database,
            sa.select(sa.func.count())
            .select_from(schema.records)
            .where(
                r.member == sa.bindparam("member"),
                r.time >= sa.bindparam("since"),
                counting(sa.bindparam("merchant"), sa.bindparam("offer")),
            ),
        )
        c = schema.chains.c
        self._position = Prepared(
            database,
            sa.select(c.upto, c.chain).where(
                c.terminal == sa.bindparam("terminal"),
                c.stream == sa.bindparam("stream"),
                c.epoch == sa.bindparam("epoch"),
            ),
        )

    def member(self, number: int) -> list[Span]:
        """The spans of a member; none where the number is not one's."""
        return [Span(*row) for row in self._all(self._member, member=number)]

    def used(self, number: int, merchant: str, offer: int, since: int) -> int:
        """How often a member has used an offer since then."""
        return int(self._all(self._uses, member=number, merchant=merchant, offer=offer, since=since)[0][0])

    def position(self, terminal: str, stream: str, epoch: int) -> tuple[int, bytes] | None:
        """(upto, chain) that the centre holds of an epoch, or None."""
        rows = self._all(self._position, terminal=terminal, stream=stream, epoch=epoch)
        return (int(rows[0][0]), bytes(rows[0][1])) if rows else None

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection = self._cursor = None

    def _all(self, statement: Prepared, **parameters: Any) -> list[Any]:
        try:
            if self._cursor is None:
                self._connect()
            return statement.all(self._cursor, **parameters)
        except Exception:
            self.close()  # whatever it was, the next read starts from a fresh connection
            raise

    def _connect(self) -> None:
        self._connection = self._database.engine.raw_connection()
        if not self._database.is_sqlite:
            self._connection.driver_connection.autocommit = True
        self._cursor = self._connection.cursor()


class Checks:
    """Answers checks from ``reader`` and the directory of the moment."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def answer(self, directory: Directory, terminal: Terminal, asked: dict[str, Any], now: int) -> dict[str, Any]:
        """The fields of the ``verdict`` on the fields of a ``check``."""
        facts = Facts(asked["member"], asked["sender"], asked["month"], now, directory.grace_hours)
        facts.online = True
        facts.suspended = terminal.suspended_by(now)
        reason = refused_before_lookup(facts)
        if not reason:
            self._look_up(directory, terminal, facts, asked["offer"])
            reason = decide(facts)
        return {
            "check": asked["check"],
            "reason": reason,
            "tier": facts.tier or 0,
            "used": min(facts.used, 0xFFFF),
            "time": now,
        }

    def _look_up(self, directory: Directory, terminal: Terminal, facts: Facts, offer_id: int) -> None:
        number = int(facts.member)
        if members.accepted(facts.member, directory.properties["prefixes"]):
            # Within grace the claim is about last month: whether the member was one then is what counts.
            moment = min(facts.now, months.starts(months.shifted(facts.month, 1)) - 1)
            facts.tier, facts.ends = timeline.standing(self._reader.member(number), moment, facts.now)
        offer = directory.offer(terminal, offer_id)
        if offer is None:
            facts.served = not offer_id  # 0 asks about the member alone; an offer that is gone serves nobody
            return
        name = directory.tier_name(facts.tier)
        facts.served = name is None or offer.serves(name)
        since = offer.counts_since(facts.now)
        if since is not None:
            facts.limit = offer.limit
            facts.used = self._reader.used(number, terminal.merchant.id, offer_id, since)
