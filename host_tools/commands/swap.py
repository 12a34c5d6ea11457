"""`cheyou swap`: a terminal moves to a spare board."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from central.database import Database
from host_tools import boards
from host_tools.commands._boards_at_work import identity_errors
from host_tools.commands._centre import database_url, errors, place_options
from host_tools.errors import CheYouError
from host_tools.flash import ports, rescue, swap
from host_tools.flash.bench import Bench, bench_option
from provisioning import label


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--terminal", help="Which terminal it is, where the old flash has lost its identity.")
@bench_option
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(old: str, new: str, terminal: str | None, bench: Bench, data: Path, db: str | None, as_json: bool) -> int:
    """Move a terminal from board OLD to the spare NEW: identity, settings, totals and records without a receipt.

    OLD is the port of the old board while it still answers, or an image of its flash (`cheyou rescue` saves one). NEW is the
    port of a spare that runs our image. The old board is fenced: what it still sends is taken in and marked, and it can no
    longer check or redeem.
    """
    spare = _port(new)
    source = rescue.from_file(Path(old)) if _is_image(old) else _port(old)
    said: set[str] = set()

    def report(_share: float, what: str) -> None:
        if what not in said:
            said.add(what)
            click.echo(what, err=True)

    with errors(), identity_errors():
        database = Database(database_url(data, db))
        database.create()
        try:
            moved = swap.move(source, spare, terminal, bench, database, report)
        finally:
            database.dispose()
    unit = bench.units.of_terminal(moved.terminal)
    files = []
    if unit is not None:
        title = boards.load(unit.board).title
        files = [str(path) for path in label.write(label.Label(moved.terminal, unit.mac, title), bench.labels)]
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(moved) | {"files": files}, ensure_ascii=False, indent=2))
        return 0
    click.echo(
        f"{moved.terminal} lives on {moved.mac} now, from epoch {moved.epoch} on; {moved.waiting} records will be sent by it\n"
        + ("the old board is cleared; " if moved.old_board_cleared else "do not switch the old board on again; ")
        + f"test the new one with `cheyou selftest --port {new}`, label: {files[0] if files else 'see `cheyou label`'}"
    )
    return 0


def _is_image(text: str) -> bool:
    path = Path(text)
    return path.is_file() and not path.is_char_device()


def _port(device: str) -> ports.Port:
    try:
        return ports.named(device)
    except CheYouError as error:
        raise CheYouError(error.message, "OLD and NEW are ports; `cheyou ports --probe` says who is where") from None
