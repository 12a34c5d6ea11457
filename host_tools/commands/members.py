"""`cheyou members`: take members and their events in, look one up."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from central import audit, csv_import, reminders, schema, timeline
from central import feed as central_feed
from central import members as central_members
from central.database import Database, now
from host_tools.commands._centre import on_database, shown_time
from host_tools.commands._import import file_argument, rejects_option, report
from host_tools.listing import json_option, show
from host_tools.progress import progress
from protocol.member import is_member_id, masked
from protocol.tiers import BLOCKED


@click.group()
def command() -> None:
    """Take members and their events in, look one up."""


@command.command("import")
@on_database
@file_argument
@rejects_option
@json_option
def import_(database: Database, file: Path, rejects: Path | None, as_json: bool) -> int:
    """Take members in from a CSV FILE: member_id, tier, active_from, active_until, blocked.

    Good rows are taken, bad ones listed by line and kept aside; exit code 1 when there were any. Importing the same file again
    changes nothing.
    """
    with progress("members", max(1, _lines(file))) as advance:
        result = csv_import.import_members(database, file, audit.operator(), advance)
    return report(result, file, rejects, as_json)


@command.command("feed")
@on_database
@file_argument
@click.option("--source", default="feed", show_default=True, help="Whose feed: event ids count within it.")
@rejects_option
@json_option
def feed_(database: Database, file: Path, source: str, rejects: Path | None, as_json: bool) -> int:
    """Take a feed of members' events in from a CSV FILE: event_id, time, member_id, event, tier, until.

    Events: subscribe, unsubscribe, trial, tier, block, unblock, renew. Good rows are taken, bad ones listed by line and kept
    aside; exit code 1 when there were any. Taking the same file in again changes nothing.
    """
    if not 1 <= len(source) <= 20:
        raise click.UsageError("a source has 1 to 20 characters")
    with progress("events", max(1, _lines(file))) as advance:
        result = csv_import.import_events(database, file, source, audit.operator(), advance)
    return report(result, file, rejects, as_json)


@command.command("reminders")
@on_database
@file_argument
@rejects_option
@json_option
def reminders_(database: Database, file: Path, rejects: Path | None, as_json: bool) -> int:
    """Take in days members are reminded of from a CSV FILE: member_id, kind, due.

    Kinds: insurance, inspection, maintenance, seasonal. What is due within a week comes with a verdict to merchants of a fitting
    category (`cheyou central settings reminder_categories`). An empty date forgets one.
    """
    return report(csv_import.import_reminders(database, file, audit.operator()), file, rejects, as_json)


@command.command("show")
@on_database
@click.argument("number")
@json_option
def show_(database: Database, number: str, as_json: bool) -> int:
    """What a member is, was and will be: one line a span of time."""
    moment = now()
    with database.read() as connection:
        spans = central_members.by_number(connection, [_number(number)]).get(int(number), [])
        names = {row.code: row.name for row in connection.execute(select(schema.tiers))}
        due = reminders.of(connection, int(number))
    current = timeline.at(spans, moment)
    rows = [
        {
            "member": masked(number),
            "from": shown_time(row.active_from) if row.active_from else None,
            "tier": names.get(row.tier),
            "until": shown_time(row.active_until) if row.active_until else None,
            "blocked": row.blocked,
            "active": row is current and timeline.standing(spans, moment, moment)[0] not in (None, BLOCKED)
            and (row.active_until is None or moment < row.active_until),
            "due": ", ".join(f"{kind} {day}" for kind, day in sorted(due.items())) or None,
        }
        for row in spans
    ]  # fmt: skip
    columns = {"member": "member", "from": "from", "tier": "tier", "until": "until", "blocked": "blocked", "active": "active",
               "due": "due"}  # fmt: skip
    show(rows, columns, as_json)
    return 0 if rows else 1


@command.command("events")
@on_database
@click.argument("number")
@json_option
def events_(database: Database, number: str, as_json: bool) -> int:
    """The events that made a member what it is, oldest first."""
    with database.read() as connection:
        found = central_feed.history(connection, _number(number))
    shown = ("time", "until", "received_at")
    rows = [row | {name: shown_time(row[name]) if row[name] else None for name in shown} for row in found]
    columns = {"received_at": "received", "source": "source", "event_id": "event id", "event": "event", "time": "from",
               "tier": "tier", "until": "until"}  # fmt: skip
    show(rows, columns, as_json)
    return 0 if rows else 1


def _number(text: str) -> int:
    if not is_member_id(text):
        raise click.UsageError("a member's number has 11 digits and begins with 13 to 19")
    return int(text)


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: opened.read(1 << 20), b""))
