"""`cheyou logs`: what a terminal kept of its last failure, and what it has told the centre of earlier ones."""

from __future__ import annotations

import json
from pathlib import Path

import click

from central import quarantine
from central.database import Database
from host_tools import boards
from host_tools.commands._centre import database_url, errors, place_options, shown_time
from host_tools.flash import fault_log, ports, probe
from host_tools.flash.bench import Bench, bench_option
from host_tools.flash.console import Console
from host_tools.flash.link import Link


@click.command()
@click.option("--port", "device", metavar="PORT", help="The board's port; needed when several are plugged in.")
@click.option("--terminal", help="A terminal's id: what it has told the centre, instead of what is on a board.")
@click.option("--raw", is_flag=True, help="As it is on the board, with the names the build has shortened.")
@bench_option
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(device: str | None, terminal: str | None, raw: bool, bench: Bench, data: Path, db: str | None, as_json: bool) -> int:
    """Read the traceback that a terminal kept of its last failure, or those it has told the centre: never a member's number.

    What a board prints while it runs is shown by `cheyou monitor`.
    """
    if terminal is not None:
        return _told(terminal, raw, database_url(data, db), as_json)
    port = ports.chosen(device)
    with Link.open(port, bench.adapters.rates(port.adapter)) as link:
        board = probe.require_board(link)
        link.run()
    with Console(port) as console:
        traceback = fault_log.read(console)
        console.restart()
    if traceback and not raw:
        traceback = fault_log.with_names(traceback, board)
    if as_json:
        click.echo(json.dumps({"board": board.name, "traceback": traceback}, ensure_ascii=False))
    else:
        click.echo(traceback or "no failure is on record")
    return 0


def _told(terminal: str, raw: bool, url: str, as_json: bool) -> int:
    with errors():
        database = Database(url)
        database.create()
        try:
            with database.read() as connection:
                rows = quarantine.failures(connection, terminal)
        finally:
            database.dispose()
    for row in rows:
        if not raw and row["board"] in boards.names():
            row["text"] = fault_log.with_names(row["text"], boards.load(row["board"]))
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        click.echo(f"{row['id']}: {shown_time(row['last_seen'])}, {row['seen']} times ({row['state']})\n{row['text'].rstrip()}\n")
    if not rows:
        click.echo(f"{terminal} has told of no failure")
    return 0
