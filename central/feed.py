"""The feed of members' events: taken in once each, in whatever order and however often they come.

An event is known by its source and the name that the source gave it. The same again changes nothing; other content under a name
that is known is refused, because one of the two is wrong and only a person can say which.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from central import members, quarantine, schema, timeline
from central.cells import RowError, moment
from central.database import Database, now
from central.directory import load_properties
from central.quarantine import Oddity

COLUMNS = ("event_id", "time", "member_id", "event", "tier", "until")
REQUIRED = COLUMNS[:4]
_NAME_LENGTH = 40
_TRIAL = "trial"
ASIDE = "feed/"  # before the name of a source, in quarantine
CLASH = "another event has this event_id"


class Happening(NamedTuple):
    """One event as its source tells it. ``event``: its name there · ``kind``, ``tier``: codes · ``at``, ``until``: Unix time."""

    event: str
    member: int
    kind: int
    at: int
    tier: int | None
    until: int | None


class Taken(NamedTuple):
    """What became of events: how many were new, how many known already, and the indices of those that clash."""

    new: int
    known: int
    clashes: list[int]


class Parser:
    """Reads events as they are written: ``event_id, time, member_id, event``, and ``tier`` and ``until`` where they matter."""

    def __init__(self, connection: sa.Connection) -> None:
        self._tiers = {row.name: row.code for row in connection.execute(sa.select(schema.tiers))}
        self._prefixes = tuple(load_properties(connection)["prefixes"])

    def __call__(self, row: Mapping[str, str]) -> Happening:
        """The event of a row; `RowError` says what is wrong with it, without the number."""
        name, number, kind = row["event_id"], row["member_id"].replace(" ", ""), timeline.KINDS.get(row["event"])
        if not 1 <= len(name) <= _NAME_LENGTH or not name.isprintable():
            raise RowError(f"event_id has 1 to {_NAME_LENGTH} characters")
        if not members.accepted(number, self._prefixes):
            raise RowError("member_id is no number of ours")
        if kind is None:
            raise RowError(f"there is no event {row['event'][:20]!r}; there are {', '.join(timeline.KINDS)}")
        tier, until = self._tier(row), moment(row.get("until") or "", True)
        at = moment(row["time"], False)
        if at is None:
            raise RowError("time is missing")
        if until is None and row["event"] == _TRIAL:
            raise RowError("a trial needs until")
        if until is not None and until <= at:
            raise RowError("until is before time")
        if until is not None and row["event"] not in (_TRIAL, "subscribe", "renew"):
            raise RowError(f"until means nothing for {row['event']}")
        return Happening(name, int(number), kind, at, tier, until)

    def _tier(self, row: Mapping[str, str]) -> int | None:
        name = row.get("tier") or (_TRIAL if row["event"] == _TRIAL else "")
        if not name:
            if row["event"] in timeline.NEEDS_TIER:
                raise RowError(f"{row['event']} needs a tier")
            return None
        code: int | None = self._tiers.get(name)
        if code is None:
            raise RowError(f"there is no tier {name[:20]!r}")
        return code


def take(connection: sa.Connection, database: Database, source: str, happenings: list[Happening]) -> Taken:
    """Take events in, inside the caller's transaction."""
    if not happenings:
        return Taken(0, 0, [])
    first: dict[str, int] = {}
    clashes = []
    for index, happening in enumerate(happenings):
        known = first.setdefault(happening.event, index)
        if happenings[known] != happening:
            clashes.append(index)
    new = _insert(connection, database, source, [happenings[index] for index in first.values()])
    held = _held(connection, source, [name for name in first if name not in new])
    clashes += [index for name, index in first.items() if name in held and held[name] != happenings[index]]
    if new:
        _redraw(connection, {happenings[first[name]].member for name in new})
    return Taken(len(new), len(happenings) - len(new) - len(clashes), sorted(clashes))


def take_rows(connection: sa.Connection, database: Database, source: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    """Take rows in that did not come in a file: ``{"rows", "new", "known", "bad": [{"row", "reason"}]}``.

    Each bad row goes to quarantine too, whole: whoever sent it may not have kept it.
    """
    parse = Parser(connection)
    good: list[tuple[int, Happening]] = []
    bad: list[tuple[int, str]] = []
    for place, row in enumerate(rows, 1):
        try:
            missing = [name for name in REQUIRED if name not in row]
            if missing:
                raise RowError(f"{missing[0]} is missing")
            good.append((place, parse({name: row.get(name, "") for name in COLUMNS})))
        except RowError as error:
            bad.append((place, str(error)))
    taken = take(connection, database, source, [happening for _, happening in good])
    bad = sorted(bad + [(good[index][0], CLASH) for index in taken.clashes])
    quarantine.keep(connection, database, [_aside(source, reason, rows[place - 1]) for place, reason in bad])
    said = [{"row": place, "reason": reason} for place, reason in bad]
    return {"rows": len(rows), "new": taken.new, "known": taken.known, "bad": said}


def _aside(source: str, reason: str, row: dict[str, str]) -> Oddity:
    content = json.dumps(row, ensure_ascii=False).encode(errors="replace")
    # A token has let it in: not a sample of it is kept, but all.
    return replace(Oddity.of(now(), f"{ASIDE}{source}", reason, content), sampled=False)


def _insert(connection: sa.Connection, database: Database, source: str, happenings: list[Happening]) -> set[str]:
    table = schema.member_events
    moment_ = now()
    insert = database.insert(table).on_conflict_do_nothing(index_elements=["source", "event"]).returning(table.c.event)
    rows = [{"source": source, "received_at": moment_} | happening._asdict() for happening in happenings]
    return set(connection.scalars(insert, rows))


def _held(connection: sa.Connection, source: str, names: list[str]) -> dict[str, Happening]:
    c = schema.member_events.c
    columns = (c.event, c.member, c.kind, c.at, c.tier, c.until)
    known = sa.select(*columns).where(c.source == source, c.event.in_(sa.bindparam("names", expanding=True)))
    return {row[0]: Happening(*row) for part in _portions(names) for row in connection.execute(known, {"names": part})}


def _redraw(connection: sa.Connection, numbers: set[int]) -> None:
    """Draw the spans of these members anew from all their events, and write down those that differ."""
    c = schema.member_events.c
    columns = (c.member, c.id, c.kind, c.at, c.tier, c.until)
    theirs = sa.select(*columns).where(c.member.in_(sa.bindparam("numbers", expanding=True)))
    events: dict[int, list[timeline.Event]] = {}
    for part in _portions(sorted(numbers)):
        for row in connection.execute(theirs, {"numbers": part}):
            events.setdefault(row[0], []).append(timeline.Event(*row[1:]))
    held = members.by_number(connection, numbers)
    drawn = {member: timeline.spans(found) for member, found in events.items()}
    changed = {member: found for member, found in drawn.items() if found != members.as_spans(held.get(member, ()))}
    if changed:
        members.write(connection, changed, [member for member in changed if member in held])


def _portions(values: list[Any], size: int = 500) -> Iterable[list[Any]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def history(connection: sa.Connection, member: int) -> list[dict[str, Any]]:
    """The events of a member as they came, oldest first."""
    c = schema.member_events.c
    tiers = {row.code: row.name for row in connection.execute(sa.select(schema.tiers))}
    return [
        {
            "source": row.source,
            "event_id": row.event,
            "event": timeline.NAMES.get(row.kind, str(row.kind)),
            "time": row.at,
            "tier": tiers.get(row.tier) if row.tier is not None else None,
            "until": row.until,
            "received_at": row.received_at,
        }
        for row in connection.execute(sa.select(schema.member_events).where(c.member == member).order_by(c.id))
    ]
