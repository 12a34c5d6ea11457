"""Counts over what is stored, for the operator."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import schema
from central.search import reason_name
from protocol.record import ONLINE


def would_have_refused(
    connection: sa.Connection, merchant: str | None = None, since: int | None = None, until: int | None = None
) -> list[dict[str, Any]]:
    """Redemptions that were taken in and that the centre would have refused, by merchant and reason: ``redemptions``, of these
    ``offline`` (the terminal decided) and ``voided``, ``members`` (how many), ``first`` and ``last`` (Unix seconds)."""
    c = schema.records.c
    query = (
        sa.select(
            c.merchant,
            c.would_have,
            sa.func.count().label("redemptions"),
            sa.func.sum(sa.case((c.flags.op("&")(ONLINE) == 0, 1), else_=0)).label("offline"),
            sa.func.sum(sa.case((c.voided, 1), else_=0)).label("voided"),
            sa.func.count(c.member.distinct()).label("members"),
            sa.func.min(c.time).label("first"),
            sa.func.max(c.time).label("last"),
        )
        .where(c.would_have.is_not(None))
        .group_by(c.merchant, c.would_have)
        .order_by(c.merchant, sa.desc("redemptions"), c.would_have)
    )
    for condition, value in (
        (c.merchant == merchant, merchant),
        (c.time >= (since or 0), since),
        (c.time < (until or 0), until),
    ):
        if value is not None:
            query = query.where(condition)
    return [
        {"merchant": row.merchant, "reason": reason_name(row.would_have)}
        | {name: int(getattr(row, name)) for name in ("redemptions", "offline", "voided", "members", "first", "last")}
        for row in connection.execute(query)
    ]
