"""What members are reminded of at the till: dates of their own, told with a verdict when they are near and the merchant fits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import schema
from central.cells import RowError
from central.database import Database
from protocol.month import civil

KINDS = ("insurance", "inspection", "maintenance", "seasonal")
AHEAD_S = 7 * 86_400


def day(moment: int) -> int:
    """The day (YYYYMMDD, China Standard Time) of Unix seconds."""
    year, month, date = civil(moment)[:3]
    return int(year * 10_000 + month * 100 + date)


def fitting(categories: dict[str, list[str]], category: str) -> set[str]:
    """The kinds that merchants of a category are told."""
    return {kind for kind, fit in categories.items() if category in fit}


def put(connection: sa.Connection, database: Database, member: int, kind: str, due: int | None) -> bool:
    """Set the day (YYYYMMDD) on which something is due, or with None forget it; True when that changed anything."""
    if kind not in KINDS:
        raise RowError(f"there is no reminder {kind[:20]!r}; there are {', '.join(KINDS)}")
    table = schema.reminders
    where = sa.and_(table.c.member == member, table.c.kind == kind)
    held = connection.scalar(sa.select(table.c.due).where(where))
    if held == due:
        return False
    if due is None:
        connection.execute(table.delete().where(where))
    else:
        insert = database.insert(table).values(member=member, kind=kind, due=due)
        connection.execute(insert.on_conflict_do_update(index_elements=["member", "kind"], set_={"due": due}))
    return True


def of(connection: sa.Connection, member: int) -> dict[str, Any]:
    """What is held of a member: day by kind."""
    table = schema.reminders
    return {row.kind: row.due for row in connection.execute(sa.select(table).where(table.c.member == member))}
