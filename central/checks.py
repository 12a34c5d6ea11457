"""Checks: the verdict chain over what the centre knows at this moment.

The path is short on purpose. Terminals, offers and tiers come from the directory in memory; the member and the uses come from
one prepared statement each, on a connection of its own that sees the latest commit.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import members, reminders, schema, timeline
from central.bookings import booked
from central.database import Database
from central.directory import Directory, Terminal
from central.holds import HOLD_S, Holds
from central.judgement import counting
from central.timeline import Span
from protocol import month as months
from protocol.offers import Offer
from protocol.reasons import CODES, VALID
from protocol.record import REDEMPTION
from protocol.verdict import Facts, decide, refused_before_lookup

_MOST_RECENT = 200_000  # checks that can have been answered while a hold lasts


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
        m, r, d = schema.members.c, schema.records.c, schema.reminders.c
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
        self._redeemed = Prepared(
            database,
            sa.select(sa.func.count())
            .select_from(schema.records)
            .where(
                r.member == sa.bindparam("member"),
                r.terminal == sa.bindparam("terminal"),
                r.received_at >= sa.bindparam("since"),
                r.merchant == sa.bindparam("merchant"),
                r.offer == sa.bindparam("offer"),
                r.kind == REDEMPTION,
            ),
        )
        self._booked = Prepared(database, booked(*(sa.bindparam(name) for name in ("merchant", "offer", "member", "now"))))
        self._due = Prepared(
            database,
            sa.select(d.kind, d.due).where(
                d.member == sa.bindparam("member"), d.due >= sa.bindparam("first"), d.due <= sa.bindparam("last")
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

    def redeemed(self, number: int, merchant: str, offer: int, terminal: str, since: int) -> bool:
        """Whether a terminal's redemption of this offer has come in since then, by our clock."""
        named = {"member": number, "merchant": merchant, "offer": offer, "terminal": terminal, "since": since}
        return bool(self._all(self._redeemed, **named)[0][0])

    def booked(self, number: int, merchant: str, offer: int, now: int) -> tuple[int, int]:
        """(units booked, the moment their uses count from) of what a member may redeem now."""
        units, since = self._all(self._booked, member=number, merchant=merchant, offer=offer, now=now)[0]
        return int(units or 0), int(since or 0)

    def due(self, number: int, first: int, last: int) -> dict[str, int]:
        """What a member is to be reminded of, due on a day from ``first`` to ``last`` (YYYYMMDD)."""
        return {row[0]: int(row[1]) for row in self._all(self._due, member=number, first=first, last=last)}

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
    """Answers checks from ``reader`` and the directory of the moment, and holds the units that its verdicts promise."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.holds = Holds()

    def answer(self, directory: Directory, terminal: Terminal, asked: dict[str, Any], now: int) -> dict[str, Any]:
        """The fields of the ``verdict`` on the fields of a ``check``."""
        facts = Facts(asked["member"], asked["sender"], asked["month"], now, directory.grace_hours)
        facts.online = True
        facts.suspended = terminal.suspended_by(now)
        due: dict[str, int] = {}
        reason = refused_before_lookup(facts)
        if not reason:
            offer = directory.offer(terminal, asked["offer"])
            self._look_up(directory, terminal, facts, offer)
            facts.served = facts.served and (offer is not None or not asked["offer"])  # 0 asks about the member alone
            reason = decide(facts)
            if reason == VALID:
                if offer is not None and facts.limit:
                    self.holds.take((terminal.merchant.id, offer.id, int(facts.member)), terminal.id, now)
                due = self._due(directory, terminal, int(facts.member), now)
        return {
            "check": asked["check"],
            "reason": reason,
            "tier": facts.tier or 0,
            "used": min(facts.used, 0xFFFF),
            "limit": min(facts.limit, 0xFFFF),
            "due": due,
            "time": now,
        }

    def _look_up(self, directory: Directory, terminal: Terminal, facts: Facts, offer: Offer | None) -> None:
        number = int(facts.member)
        if members.accepted(facts.member, directory.properties["prefixes"]):
            # Within grace the claim is about last month: whether the member was one then is what counts.
            moment = min(facts.now, months.starts(months.shifted(facts.month, 1)) - 1)
            facts.tier, facts.ends = timeline.standing(self._reader.member(number), moment, facts.now)
        if offer is None:
            return
        name = directory.tier_name(facts.tier)
        facts.served = name is None or offer.serves(name)
        merchant = terminal.merchant.id
        since = offer.counts_since(facts.now)
        facts.limit = offer.limit_for(name)
        if offer.booked:
            units, since = self._reader.booked(number, merchant, offer.id, facts.now)
            facts.booked = units > 0
            facts.limit = units
        if not facts.limit or since is None:
            return
        facts.used = self._reader.used(number, merchant, offer.id, since)
        if facts.used < facts.limit:
            self._mind_holds(terminal, facts, offer)

    def _mind_holds(self, terminal: Terminal, facts: Facts, offer: Offer) -> None:
        """Units that other terminals may be giving at this moment are used up for this one."""
        number, merchant = int(facts.member), terminal.merchant.id

        def redeemed(other: str, since: int) -> bool:
            return self._reader.redeemed(number, merchant, offer.id, other, since)

        held = self.holds.others((merchant, offer.id, number), terminal.id, facts.now, redeemed)
        if held and offer.kind == "pass" and not facts.used:
            facts.used = facts.limit  # another terminal is selling it: a pass is sold once
        else:
            facts.used += held

    def _due(self, directory: Directory, terminal: Terminal, number: int, now: int) -> dict[str, int]:
        """What is due within the next days and fits the merchant's category."""
        wanted = reminders.fitting(directory.properties["reminder_categories"], terminal.merchant.category)
        if not wanted:
            return {}
        found = self._reader.due(number, reminders.day(now), reminders.day(now + reminders.AHEAD_S))
        return {kind: due for kind, due in found.items() if kind in wanted}

    def restore_holds(self, connection: sa.Connection, directory: Directory, now: int) -> None:
        """Hold again what verdicts of the last `HOLD_S` seconds have promised: a restart must not give it to another terminal."""
        c = schema.checks.c
        recent = sa.select(c.merchant, c.offer, c.member, c.terminal, c.time).where(
            c.id > sa.select(sa.func.coalesce(sa.func.max(c.id), 0) - _MOST_RECENT).scalar_subquery(),
            c.time > now - HOLD_S,
            c.reason == CODES[VALID],
        )
        for row in connection.execute(recent.order_by(c.id)):
            merchant = directory.merchants.get(row.merchant)
            offer = merchant.offers.get(row.offer) if merchant else None
            if offer is not None and (offer.period or offer.booked):
                self.holds.take((row.merchant, row.offer, row.member), row.terminal, row.time)
