"""`cheyou members`: take members in, look one up."""

from __future__ import annotations

from pathlib import Path

import click

from central import audit, csv_import, schema
from central import members as central_members
from central.database import Database, now
from host_tools.commands._centre import on_database, shown_time
from host_tools.commands._import import file_argument, rejects_option, report
from host_tools.listing import json_option, show
from host_tools.progress import progress


@click.group()
def command() -> None:
    """Take members in, look one up."""


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


@command.command("show")
@on_database
@click.argument("number")
@json_option
def show_(database: Database, number: str, as_json: bool) -> int:
    """What the centre knows of one member."""
    from sqlalchemy import select

    from protocol.member import masked

    with database.read() as connection:
        found = central_members.by_number(connection, [int(number)] if number.isascii() and number.isdigit() else [])
        names = {row.code: row.name for row in connection.execute(select(schema.tiers))}
    rows = [
        {
            "member": masked(f"{row.member:011d}"),
            "tier": names.get(row.tier, row.tier),
            "from": shown_time(row.active_from),
            "until": shown_time(row.active_until),
            "blocked": row.blocked,
            "active": not row.blocked and row.active_from <= now() and (row.active_until is None or now() < row.active_until),
        }
        for row in found.values()
    ]
    columns = {"member": "member", "tier": "tier", "from": "from", "until": "until", "blocked": "blocked", "active": "active"}
    show(rows, columns, as_json)
    return 0 if rows else 1


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: opened.read(1 << 20), b""))
