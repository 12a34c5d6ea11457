"""Members as the centre knows them, and what a member row means at a given moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from central import schema
from central.database import Database, now, touch
from protocol.member import is_member_id
from protocol.tiers import BLOCKED

_PAGE = 20_000
_BY_NUMBER = sa.select(schema.members).where(schema.members.c.member.in_(sa.bindparam("numbers", expanding=True)))


def standing(tier: int, active_from: int, active_until: int | None, blocked: bool, moment: int) -> tuple[int | None, int]:
    """(tier code or None, ends): a member row as `protocol.verdict.Facts` wants it at ``moment``; ends 0 is never.

    A block counts whether or not the membership has ended: the number rides in the list as blocked all the same.
    """
    if blocked:
        return BLOCKED, 0
    if moment < active_from:
        return None, 0
    return tier, active_until or 0


def accepted(number: str, prefixes: Iterable[str]) -> bool:
    """Whether ``number`` is a well-formed member ID with one of the operator's prefixes; no prefixes accept every one."""
    prefixes = tuple(prefixes)
    return bool(is_member_id(number)) and (not prefixes or number.startswith(prefixes))


def put(connection: sa.Connection, database: Database, rows: list[dict[str, Any]]) -> int:
    """Add or change members: rows of ``member, tier, active_from, active_until, blocked``; the count that changed.

    The last of several rows for one member counts.
    """
    latest = {row["member"]: row for row in rows}
    table = schema.members
    held = {
        row.member: (row.tier, row.active_from, row.active_until, row.blocked)
        for row in connection.execute(sa.select(table).where(table.c.member.in_(list(latest))))
    }
    changed = [
        {**row, "changed_at": now()}
        for member, row in latest.items()
        if held.get(member) != (row["tier"], row["active_from"], row["active_until"], row["blocked"])
    ]
    if changed:
        insert = database.insert(table)
        names = ("tier", "active_from", "active_until", "blocked", "changed_at")
        insert = insert.on_conflict_do_update(index_elements=["member"], set_={n: insert.excluded[n] for n in names})
        connection.execute(insert, changed)
        touch(connection, "members")
    return len(changed)


def by_number(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, Any]:
    """The rows of these members, by number."""
    found: dict[int, Any] = {}
    wanted = sorted(set(numbers))
    for at in range(0, len(wanted), 500):  # below SQLite's limit on parameters in every build
        for row in connection.execute(_BY_NUMBER, {"numbers": wanted[at : at + 500]}):
            found[row.member] = row
    return found


def active_in(connection: sa.Connection, month_start: int, month_end: int, moment: int) -> Iterator[Any]:
    """What a member list of a month holds, in number order: members who are, or are blocked, in that month as of ``moment``.

    Read in pages by number: no transaction stays open, and no more than a page is in memory.
    """
    c = schema.members.c
    begun = sa.and_(c.active_from <= max(moment, month_start), c.active_from < month_end)
    alive = sa.or_(c.active_until.is_(None), c.active_until > month_start)
    page = (
        sa.select(c.member, c.tier, c.active_until, c.blocked)
        .where(sa.or_(c.blocked, sa.and_(begun, alive)), c.member > sa.bindparam("after"))
        .order_by(c.member)
        .limit(_PAGE)
    )
    after = -1
    while True:
        rows = connection.execute(page, {"after": after}).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].member
