"""Closing a terminal's day: its count beside ours, and what of it we do not hold. The latest close of a day is kept."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import schema
from central.directory import Terminal
from protocol import day as days
from protocol.day import Day
from protocol.record import REDEMPTION, TRAINING, VOID

_MOST_MISSING = 8


def close(connection: sa.Connection, terminal: Terminal, told: dict[str, Any], moment: int) -> dict[str, Any]:
    """Keep what a ``day`` message says and what we hold of it; the fields of the ``closed`` that answers it."""
    held = _held(connection, terminal.id, told["day"])
    answer = {
        "day": told["day"],
        "paid": held.paid,
        "returned": held.returned,
        "totals": held.totals,
        "missing": _missing(connection, terminal.id, told["epoch"], told["first"], told["upto"]),
    }
    agrees = not answer["missing"] and all(told[name] == answer[name] for name in ("paid", "returned", "totals"))
    table = schema.day_closes
    connection.execute(table.delete().where(table.c.terminal == terminal.id, table.c.day == told["day"]))
    connection.execute(
        table.insert().values(
            terminal=terminal.id,
            day=told["day"],
            merchant=terminal.merchant.id,
            cashier=told["cashier"],
            closed_at=moment,
            agrees=agrees,
            told={name: told[name] for name in ("epoch", "first", "upto", "paid", "returned", "totals")},
            held={name: answer[name] for name in ("paid", "returned", "totals", "missing")},
        )
    )
    return answer


def _held(connection: sa.Connection, terminal: str, day: int) -> Day:
    c = schema.records.c
    begin = days.begins(day)
    query = (
        sa.select(c.offer, c.tier, c.kind, sa.func.count().label("times"), sa.func.sum(c.price).label("price"))
        .where(
            c.terminal == terminal,
            c.time >= begin,
            c.time < begin + days.DAY_S,
            c.kind.in_((REDEMPTION, VOID)),
            c.flags.op("&")(TRAINING) == 0,
        )
        .group_by(c.offer, c.tier, c.kind)
    )
    held = Day()
    for row in connection.execute(query):
        held.add(row.kind, row.offer, row.tier, int(row.times), int(row.price))
    return held


def _missing(connection: sa.Connection, terminal: str, epoch: int, first: int, upto: int) -> list[list[int]]:
    """The first ranges of sequences, both ends included, that we do not hold or could not read."""
    if not first or upto < first:
        return []
    c = schema.records.c
    legible = sa.and_(c.terminal == terminal, c.epoch == epoch, c.sequence.between(first, upto), c.kind != 0)
    if connection.scalar(sa.select(sa.func.count()).where(legible)) == upto - first + 1:
        return []
    missing: list[list[int]] = []
    expected = first
    for sequence in [*connection.scalars(sa.select(c.sequence).where(legible).order_by(c.sequence)), upto + 1]:
        if sequence > expected:
            missing.append([expected, sequence - 1])
        expected = sequence + 1
    return missing[:_MOST_MISSING]


def listing(
    connection: sa.Connection, terminal: str | None = None, merchant: str | None = None, since: int | None = None
) -> list[dict[str, Any]]:
    """Closed days, the newest first; ``since``: from this day (YYYYMMDD) on."""
    table = schema.day_closes
    query = sa.select(table).order_by(table.c.day.desc(), table.c.terminal)
    for condition, value in (
        (table.c.terminal == terminal, terminal),
        (table.c.merchant == merchant, merchant),
        (table.c.day >= (since or 0), since),
    ):
        if value is not None:
            query = query.where(condition)
    return [dict(row._mapping) for row in connection.execute(query)]
