"""`cheyou audit`: prove a terminal's records, look at incidents, see who did what."""

from __future__ import annotations

import json

import click

from central import audit as audit_log
from central import incidents, reports, verify
from central.database import Database
from host_tools.commands._centre import moment, on_database, shown_time
from host_tools.listing import json_option, show


@click.group()
def command() -> None:
    """Prove records, look at incidents, see who did what."""


@command.command("verify")
@on_database
@click.argument("terminal")
@json_option
def verify_(database: Database, terminal: str, as_json: bool) -> int:
    """Walk TERMINAL's chains again from the stored slots; exit code 1 when anything is wrong."""
    with database.read() as connection:
        rows = verify.terminal(connection, terminal)
    columns = {
        "stream": "chain", "epoch": "epoch", "records": "records", "receipted": "receipted up to", "missing": "missing",
        "unreadable": "unreadable", "altered": "altered", "broken": "broken", "ok": "whole",
    }  # fmt: skip
    shown = rows if as_json else [{key: _cell(value) for key, value in row.items()} for row in rows]
    show(shown, columns, as_json)
    return 0 if all(row["ok"] for row in rows) else 1


@command.command("incidents")
@on_database
@click.option("--terminal", help="Only this terminal's.")
@json_option
def incidents_(database: Database, terminal: str | None, as_json: bool) -> None:
    """List forks, gaps and unreadable records, newest first."""
    with database.read() as connection:
        rows = incidents.listing(connection, terminal)
    columns = {
        "id": "id", "at": "time", "terminal": "terminal", "stream": "chain", "kind": "kind", "epoch": "epoch", "first": "from",
        "upto": "to", "offers": "offered", "state": "state",
    }  # fmt: skip
    show(rows if as_json else [row | {"at": shown_time(row["time"])} for row in rows], columns, as_json)


@command.command("would-have-refused")
@on_database
@click.option("--merchant", help="Only this merchant's.")
@click.option("--since", help="Made from this time on (2026-11-22 or 2026-11-22T14:32, CST).")
@click.option("--until", help="Made before this time.")
@json_option
def would_have_refused(database: Database, merchant: str | None, since: str | None, until: str | None, as_json: bool) -> None:
    """Count by merchant what was accepted and the centre would have refused, and why."""
    with database.read() as connection:
        rows = reports.would_have_refused(connection, merchant, moment(since), moment(until))
    columns = {
        "merchant": "merchant", "reason": "why", "redemptions": "redemptions", "offline": "decided offline", "voided": "voided",
        "members": "members", "first_at": "first", "last_at": "last",
    }  # fmt: skip
    times = [row | {f"{name}_at": shown_time(row[name]) for name in ("first", "last")} for row in rows]
    show(rows if as_json else times, columns, as_json)


@command.command()
@on_database
@click.option("--since", help="From this time on (CST).")
@click.option("--limit", default=100, show_default=True, help="At most so many, the newest first.")
@json_option
def log(database: Database, since: str | None, limit: int, as_json: bool) -> None:
    """List who did what."""
    with database.read() as connection:
        rows = audit_log.entries(connection, moment(since) or 0, limit)
    shown = [row | {"at": shown_time(row["time"]), "detail": json.dumps(row["detail"], ensure_ascii=False)} for row in rows]
    columns = {"at": "time", "who": "who", "action": "action", "subject": "on", "detail": "detail"}
    show(rows if as_json else shown, columns, as_json)


def _cell(value: object) -> object:
    return ", ".join(str(part) for part in value) or None if isinstance(value, list) else value
