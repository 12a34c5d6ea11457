"""Members as the centre knows them: what they are now and were, by number and by month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from central import schema, timeline
from central.database import now, touch
from central.timeline import Span
from protocol.member import is_member_id

_PAGE = 20_000
_AT_ONCE = 500  # below SQLite's limit on parameters in every build
_ORDER = (schema.members.c.member, schema.members.c.active_from)
_BY_NUMBER = (
    sa.select(schema.members).where(schema.members.c.member.in_(sa.bindparam("numbers", expanding=True))).order_by(*_ORDER)
)
_HAND = "hand"


def accepted(number: str, prefixes: Iterable[str]) -> bool:
    """Whether ``number`` is a well-formed member ID with one of the operator's prefixes; no prefixes accept every one."""
    prefixes = tuple(prefixes)
    return bool(is_member_id(number)) and (not prefixes or number.startswith(prefixes))


def put(connection: sa.Connection, rows: list[dict[str, Any]]) -> int:
    """Set what members are, whatever they were: rows of ``member, tier, active_from, active_until, blocked``; the count that
    changed. The last of several rows for one member counts.
    """
    latest = {row["member"]: row for row in rows}
    moment = now()
    wanted = {}
    for member, row in latest.items():
        state = _state(row)
        wanted[member] = state, timeline.spans([state])
    held = by_number(connection, latest)
    changed = [member for member, (_, spans) in wanted.items() if as_spans(held.get(member, ())) != spans]
    if changed:
        events = [
            {"source": _HAND, "event": None, "member": member, "received_at": moment}
            | {name: getattr(wanted[member][0], name) for name in ("kind", "at", "tier", "until")}
            for member in changed
        ]
        connection.execute(schema.member_events.insert(), events)
        write(connection, {member: wanted[member][1] for member in changed}, [member for member in changed if member in held])
    return len(changed)


def _state(row: dict[str, Any]) -> Any:
    kind = timeline.STATE_BLOCKED if row["blocked"] else timeline.STATE
    return timeline.Event(0, kind, row["active_from"], row["tier"], row["active_until"])


def write(connection: sa.Connection, spans: dict[int, tuple[Span, ...]], held: list[int]) -> None:
    """Put the spans of these members into their place; ``held`` are those of them who had others before."""
    moment = now()
    table = schema.members
    if held:
        connection.execute(table.delete().where(table.c.member == sa.bindparam("of")), [{"of": member} for member in held])
    rows = [{"member": member, "changed_at": moment} | span._asdict() for member, found in spans.items() for span in found]
    if rows:
        connection.execute(table.insert(), rows)
    touch(connection, "members")


def as_spans(rows: Iterable[Any]) -> tuple[Span, ...]:
    """Rows of one member as spans."""
    return tuple(Span(row.active_from, row.tier, row.active_until, bool(row.blocked)) for row in rows)


def by_number(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, list[Any]]:
    """The rows of these members, by number, each in the order in which they take effect."""
    found: dict[int, list[Any]] = {}
    wanted = sorted(set(numbers))
    for at in range(0, len(wanted), _AT_ONCE):
        for row in connection.execute(_BY_NUMBER, {"numbers": wanted[at : at + _AT_ONCE]}):
            found.setdefault(row.member, []).append(row)
    return found


def in_month(connection: sa.Connection, month_start: int, month_end: int, moment: int) -> Iterator[Any]:
    """What a member list of a month holds, in number order: members who are, or are blocked, in that month as of ``moment``.

    Read in pages by number: no transaction stays open, and no more than a page is in memory.
    """
    c = schema.members.c
    judged = min(max(moment, month_start), month_end - 1)
    after = sa.tuple_(c.member, c.active_from) > sa.tuple_(sa.bindparam("member"), sa.bindparam("from"))
    columns = (c.member, c.active_from, c.tier, c.active_until, c.blocked)
    page = sa.select(*columns).where(after, c.active_from <= judged).order_by(*_ORDER).limit(_PAGE)
    last = None
    place = {"member": -1, "from": 0}
    while True:
        rows = connection.execute(page, place).all()
        for row in rows:
            if last is not None and last.member != row.member and _listed(last, month_start):
                yield last
            last = row
        if len(rows) < _PAGE:
            break
        place = {"member": rows[-1].member, "from": rows[-1].active_from}
    if last is not None and _listed(last, month_start):
        yield last


def _listed(row: Any, month_start: int) -> bool:
    return bool(row.blocked) or row.active_until is None or row.active_until > max(month_start, row.active_from)
