"""`cheyou quarantine`: what could not be used, kept for a person to look at."""

from __future__ import annotations

import json

import click

from central import audit, retry
from central import quarantine as kept
from central.database import Database
from host_tools.commands._centre import on_database, shown_time
from host_tools.listing import json_option, show


@click.group()
def command() -> None:
    """What could not be decoded or accepted."""


@command.command("list")
@on_database
@click.option("--state", type=click.Choice(kept.STATES), help="Only entries in this state.")
@json_option
def list_(database: Database, state: str | None, as_json: bool) -> None:
    """List entries, newest first."""
    with database.read() as connection:
        rows = kept.listing(connection, state)
    columns = {
        "id": "id", "at": "time", "source": "source", "reason": "reason", "length": "bytes", "seen": "seen", "state": "state",
    }  # fmt: skip
    show(rows if as_json else [row | {"at": shown_time(row["time"])} for row in rows], columns, as_json)


@command.command("show")
@on_database
@click.argument("entry", type=int)
@json_option
def show_(database: Database, entry: int, as_json: bool) -> None:
    """Show one entry with its bytes in hexadecimal."""
    with database.read() as connection:
        row = kept.entry(connection, entry)
    content = bytes(row.pop("bytes"))
    if as_json:
        click.echo(json.dumps(row | {"bytes": content.hex()}, ensure_ascii=False, indent=2))
        return
    for name, value in row.items():
        click.echo(f"{name}: {shown_time(value) if name in ('time', 'last_seen') else value}")
    for at in range(0, len(content), 32):
        part = content[at : at + 32]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        click.echo(f"{at:06x}  {part.hex():64}  {text}")


@command.command("retry")
@on_database
@click.argument("entry", type=int)
def retry_(database: Database, entry: int) -> None:
    """Try to use an entry after all, once its cause is gone."""
    with database.write() as connection:
        outcome = retry.entry(connection, database, entry)
        audit.note(connection, audit.operator(), "quarantine.retry", str(entry), outcome=outcome)
    click.echo(outcome)


@command.command()
@on_database
@click.argument("entry", type=int)
def close(database: Database, entry: int) -> None:
    """Mark an entry as seen to; its bytes stay."""
    with database.write() as connection:
        kept.entry(connection, entry)
        kept.set_state(connection, entry, "closed")
        audit.note(connection, audit.operator(), "quarantine.close", str(entry))
