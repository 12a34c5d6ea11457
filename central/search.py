"""Finding redemptions and checks by phone number, merchant, terminal and time, newest first, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central import marks, schema
from protocol import reasons
from protocol.member import masked
from protocol.record import CLOCKS, DATE_SET, REDEMPTION, REFUSAL, VOID

KINDS = {0: "unreadable", REDEMPTION: "redemption", VOID: "void", DATE_SET: "date_set", REFUSAL: "refusal"}
FLAGS = {1: "online", 2: "training", 4: "again", 8: "overturned"}
MOST = 1000


@dataclass(frozen=True)
class Query:
    """What to look for. ``phone``: 11 digits · ``since``, ``until``: Unix seconds, from and before · ``before``: the ``next``
    of the page before · ``full``: numbers unmasked."""

    phone: str | None = None
    merchant: str | None = None
    terminal: str | None = None
    since: int | None = None
    until: int | None = None
    before: int | None = None
    limit: int = 100
    full: bool = False


def redemptions(connection: sa.Connection, query: Query) -> dict[str, Any]:
    """A page of records, ``{"items": […], "next": cursor or None}``: redemptions, voids and everything else in the chain."""
    return _page(connection, schema.records, query, lambda row: _record(row, query.full))


def refusals(connection: sa.Connection, query: Query) -> dict[str, Any]:
    """A page of what terminals refused, from their own logs."""
    return _page(connection, schema.refusals, query, lambda row: _record(row, query.full))


def checks(connection: sa.Connection, query: Query) -> dict[str, Any]:
    """A page of checks that the centre answered."""
    return _page(connection, schema.checks, query, lambda row: _check(row, query.full))


def _page(connection: sa.Connection, table: sa.Table, query: Query, show: Any) -> dict[str, Any]:
    c = table.c
    limit = max(1, min(query.limit, MOST))
    found = sa.select(table).order_by(c.id.desc()).limit(limit + 1)
    for condition, value in (
        (c.member == int(query.phone or 0), query.phone),
        (c.merchant == query.merchant, query.merchant),
        (c.terminal == query.terminal, query.terminal),
        (c.time >= (query.since or 0), query.since),
        (c.time < (query.until or 0), query.until),
        (c.id < (query.before or 0), query.before),
    ):
        if value is not None:
            found = found.where(condition)
    rows = connection.execute(found).all()
    more = len(rows) > limit
    return {"items": [show(row) for row in rows[:limit]], "next": rows[limit - 1].id if more else None}


def number(member: int | None, full: bool) -> str | None:
    """A member's number as it may be shown; None where there is none."""
    if not member:
        return None
    text = f"{member:011d}"
    return text if full else str(masked(text))


def _record(row: Any, full: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": KINDS.get(row.kind, str(row.kind)),
        "time": row.time,
        "merchant": row.merchant,
        "terminal": row.terminal,
        "epoch": row.epoch,
        "sequence": row.sequence,
        "member": number(row.member, full),
        "month": row.month or None,
        "tier": row.tier,
        "offer": row.offer,
        "amount": row.amount,
        "price": row.price,
        "clock": CLOCKS[row.clock],
        "flags": [name for bit, name in FLAGS.items() if row.flags & bit],
        "reason": reason_name(row.reason),
        "voids": f"{row.link_epoch}/{row.link}" if row.kind == VOID else None,
        "voided": bool(row.voided),
        "list_version": row.list_version,
        "offer_version": row.offer_version,
        "cashier": row.cashier,
        "received_at": row.received_at,
        "marks": marks.names(row.marks),
        "would_have_been": reason_name(row.would_have) if row.would_have is not None else None,
    }


def _check(row: Any, full: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "time": row.time,
        "merchant": row.merchant,
        "terminal": row.terminal,
        "member": number(row.member, full),
        "month": row.month,
        "offer": row.offer,
        "reason": reason_name(row.reason),
        "tier": row.tier,
    }


def reason_name(code: int) -> str:
    """The name of a reason code; the code itself when a newer release has written it."""
    try:
        return str(reasons.reason_of(code))
    except KeyError:
        return str(code)
