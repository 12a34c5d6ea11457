"""`cheyou terminals`: the registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from central import audit, day_closes, registry
from central.database import Database
from central.errors import CentreError
from host_tools.commands._centre import on_database, shown_time
from host_tools.listing import json_option, show


@click.group()
def command() -> None:
    """The registry of terminals."""


@command.command("list")
@on_database
@json_option
def list_(database: Database, as_json: bool) -> None:
    """List terminals with what they last said of themselves."""
    with database.read() as connection:
        rows = [row | {"seen": shown_time(row["last_seen"])} for row in registry.listing(connection)]
    columns = {
        "terminal": "terminal", "merchant": "merchant", "state": "state", "suspended": "suspended", "online": "online",
        "seen": "last seen", "firmware": "firmware", "board": "board", "epoch": "epoch", "records": "records",
    }  # fmt: skip
    show(rows, columns, as_json)


@command.command()
@on_database
@click.argument("terminal")
@click.option("--merchant", required=True, help="Whose it is.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Where its key goes, as 64 hexadecimal digits; created for you alone, never overwritten.",
)
def add(database: Database, terminal: str, merchant: str, key_file: Path) -> None:
    """Register TERMINAL and make its key. The key is written to a file, never shown."""
    with database.write() as connection:
        key = registry.add(connection, terminal, merchant, audit.operator())
        try:
            # Inside the transaction: a terminal whose key could not be written down is not registered either.
            with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(key.hex() + "\n")
        except OSError as error:
            raise CentreError(f"cannot write {key_file}: {error.strerror}", "name a file that does not exist yet") from None
    click.echo(f"{terminal} is registered for {merchant}; its key is in {key_file}")


@command.command()
@on_database
@click.option("--terminal", help="A terminal's id.")
@click.option("--merchant", help="A merchant's id.")
@click.option("--since", type=click.IntRange(20000101, 20991231), help="From this day on (20261122).")
@json_option
def days(database: Database, terminal: str | None, merchant: str | None, since: int | None, as_json: bool) -> None:
    """List the days that terminals have closed: what they counted, and whether the centre agreed."""
    with database.read() as connection:
        rows = day_closes.listing(connection, terminal, merchant, since)
    columns = {
        "day": "day", "terminal": "terminal", "merchant": "merchant", "cashier": "cashier", "at": "closed",
        "redemptions": "redeemed", "voids": "voided", "paid": "paid, fen", "returned": "returned, fen", "agrees": "agrees",
        "missing": "missing",
    }  # fmt: skip
    show(rows if as_json else [_day_cells(row) for row in rows], columns, as_json)


def _day_cells(row: dict[str, Any]) -> dict[str, Any]:
    counts = row["told"]["totals"].values()
    missing = ", ".join(f"{row['told']['epoch']}/{first}-{last}" for first, last in row["held"]["missing"])
    return row | {
        "at": shown_time(row["closed_at"]), "redemptions": sum(count[0] for count in counts),
        "voids": sum(count[1] for count in counts), "paid": row["told"]["paid"], "returned": row["told"]["returned"],
        "missing": missing or None,
    }  # fmt: skip


@command.command()
@on_database
@click.argument("terminal")
@click.argument("merchant")
def move(database: Database, terminal: str, merchant: str) -> None:
    """Give TERMINAL to another MERCHANT. What it redeemed for the old one stays there, also what has not come in yet."""
    with database.write() as connection:
        registry.move(connection, terminal, merchant, audit.operator())


@command.command()
@on_database
@click.argument("terminal")
def suspend(database: Database, terminal: str) -> None:
    """Let a terminal refuse every check; its records go on being taken in."""
    with database.write() as connection:
        registry.suspend(connection, terminal, True, audit.operator())


@command.command()
@on_database
@click.argument("terminal")
def resume(database: Database, terminal: str) -> None:
    """Let a suspended terminal serve again."""
    with database.write() as connection:
        registry.suspend(connection, terminal, False, audit.operator())
