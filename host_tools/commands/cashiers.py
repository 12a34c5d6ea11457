"""`cheyou cashiers`: who signs in at a merchant's terminals."""

from __future__ import annotations

import click
from sqlalchemy import select

from central import audit, cashiers, schema
from central.database import Database
from host_tools.commands import _pin
from host_tools.commands._centre import on_database, shown_time
from host_tools.listing import json_option, show

_NUMBER = click.IntRange(1, cashiers.MOST_NUMBER)


@click.group()
def command() -> None:
    """Who signs in at a merchant's terminals; where there are none, nobody is asked to."""


@command.command("list")
@on_database
@click.option("--merchant", help="Only this merchant's.")
@json_option
def list_(database: Database, merchant: str | None, as_json: bool) -> None:
    """List cashiers."""
    table = schema.cashiers
    query = select(table).order_by(table.c.merchant, table.c.number)
    if merchant:
        query = query.where(table.c.merchant == merchant)
    with database.read() as connection:
        rows = [
            {"merchant": row.merchant, "cashier": row.number, "changed_at": row.changed_at, "changed": shown_time(row.changed_at)}
            for row in connection.execute(query)
        ]
    show(rows, {"merchant": "merchant", "cashier": "cashier", "changed": "PIN set"}, as_json)


@command.command()
@on_database
@click.argument("merchant")
@click.argument("number", type=_NUMBER)
def pin(database: Database, merchant: str, number: int) -> None:
    """Give cashier NUMBER of MERCHANT a PIN, or another one. It is asked for, or read from standard input."""
    text = _pin.asked("Cashier's")
    with database.write() as connection:
        cashiers.set_pin(connection, merchant, number, text, audit.operator())


@command.command()
@on_database
@click.argument("merchant")
@click.argument("number", type=_NUMBER)
def remove(database: Database, merchant: str, number: int) -> None:
    """Let nobody sign in as NUMBER any more. With the last one gone, nobody has to."""
    with database.write() as connection:
        cashiers.remove(connection, merchant, number, audit.operator())
