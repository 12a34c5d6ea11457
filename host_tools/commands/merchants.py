"""`cheyou merchants`: partner merchants."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from central import audit, catalog, csv_import, schema
from central.database import Database
from host_tools.commands import _pin
from host_tools.commands._centre import on_database
from host_tools.commands._import import file_argument, rejects_option, report
from host_tools.listing import json_option, show


@click.group()
def command() -> None:
    """Partner merchants."""


@command.command("import")
@on_database
@file_argument
@rejects_option
@json_option
def import_(database: Database, file: Path, rejects: Path | None, as_json: bool) -> int:
    """Take merchants in from a CSV FILE: merchant_id, name_en, name_zh, category."""
    return report(csv_import.import_merchants(database, file, audit.operator()), file, rejects, as_json)


@command.command("list")
@on_database
@json_option
def list_(database: Database, as_json: bool) -> None:
    """List merchants."""
    with database.read() as connection:
        found = connection.execute(select(schema.merchants).order_by(schema.merchants.c.id)).all()
    rows = [
        {
            "merchant": row.id,
            "name": row.name.get("en"),
            "name_zh": row.name.get("zh"),
            "category": row.category,
            "suspended": row.suspended_at is not None,
        }
        for row in found
    ]
    columns = {"merchant": "merchant", "name": "name", "name_zh": "名称", "category": "category", "suspended": "suspended"}
    show(rows, columns, as_json)


@command.command()
@on_database
@click.argument("merchant")
def pin(database: Database, merchant: str) -> None:
    """Set the supervisor's PIN, which opens the date at a merchant's terminals. It is asked for, or read from standard input."""
    text = _pin.asked("Supervisor's")
    with database.write() as connection:
        catalog.set_pin(connection, merchant, text, audit.operator())


@command.command()
@on_database
@click.argument("merchant")
def suspend(database: Database, merchant: str) -> None:
    """Let a merchant's terminals refuse every check; records go on being taken in."""
    with database.write() as connection:
        catalog.suspend_merchant(connection, merchant, True, audit.operator())


@command.command()
@on_database
@click.argument("merchant")
def resume(database: Database, merchant: str) -> None:
    """Let a suspended merchant serve again."""
    with database.write() as connection:
        catalog.suspend_merchant(connection, merchant, False, audit.operator())
