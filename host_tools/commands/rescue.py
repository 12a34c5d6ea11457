"""`cheyou rescue`: the records of a terminal that no longer works."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import click

from central.database import Database
from host_tools import boards, listing
from host_tools.boards import Board
from host_tools.commands._boards_at_work import identity_errors
from host_tools.commands._centre import database_url, errors, place_options, shown_time
from host_tools.errors import CheYouError
from host_tools.flash import ports, rescue
from host_tools.flash.bench import Bench, bench_option
from protocol.record import CLOCKS, Record
from provisioning.hand_in import hand_in
from provisioning.private_files import write_private
from provisioning.registry import CentreRegistry
from provisioning.ring_image import STREAMS, Ring

_KINDS = {1: "redemption", 2: "void", 3: "date", 9: "refusal"}


@click.command()
@click.option("--port", "device", metavar="PORT", help="Read it from the board on this port; it is not changed.")
@click.option("--image", type=click.Path(path_type=Path, dir_okay=False), help="Or from an image of the whole flash.")
@click.option("--board", "board_name", metavar="BOARD", help="What board it is, where its partition table is lost.")
@click.option("--terminal", help="Whose flash it is, where that cannot be read any more.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the records, .json or .csv, in full."
)
@click.option("--hand-in", "handing_in", is_flag=True, help="Give them to the centre. What it has already, it keeps.")
@bench_option
@place_options
@listing.json_option
def command(
    device: str | None, image: Path | None, board_name: str | None, terminal: str | None, output: Path | None,
    handing_in: bool, bench: Bench, data: Path, db: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Save a terminal's journal and refusals: read, opened with its key, shown, exported, handed in at the centre.

    What is read from a board is kept as an image in the bench's folder. Members' numbers are only in the file of --output,
    which nobody else can read.
    """
    if device is not None and image is not None:
        raise click.UsageError("--port and --image exclude each other")
    board = boards.load(board_name) if board_name else None
    salvage = rescue.from_file(image, board) if image else _from_board(device, bench, board)
    name = terminal or salvage.terminal
    with errors(), identity_errors():
        database = Database(database_url(data, db))
        database.create()
        try:
            key = salvage.key(_registered(database, bench, name))
            rings = [salvage.ring(stream, key) for stream in STREAMS]
            added = hand_in(database, _named(name), rings) if handing_in else {}
        finally:
            database.dispose()
    if output:
        _write(output, rings)
    summary = [
        {
            "stream": ring.stream,
            "terminal": name,
            "found": len(ring.slots),
            "opened": len(ring.opened),
            "damaged_sectors": ring.damaged,
            "handed_in": added.get(ring.stream),
            "latest": shown_time(ring.opened[-1].time) if ring.opened else None,
        }
        for ring in rings
    ]
    columns = {
        "stream": "Stream",
        "terminal": "Terminal",
        "found": "Found",
        "opened": "Opened",
        "damaged_sectors": "Damaged sectors",
    }
    listing.show(summary, {**columns, "handed_in": "New at the centre", "latest": "Latest (CST)"}, as_json)
    return 0


def _from_board(device: str | None, bench: Bench, board: Board | None) -> rescue.Salvage:
    port = ports.chosen(device)
    said: set[str] = set()

    def report(_share: float, what: str) -> None:
        if what not in said:
            said.add(what)
            click.echo(f"{port.short}: {what}", err=True)

    salvage = rescue.from_board(port, bench.adapters, report, board=board)
    click.echo(f"saved as {rescue.save(salvage, bench.folder / 'rescued')}", err=True)
    return salvage


def _registered(database: Database, bench: Bench, terminal: str | None) -> bytes | None:
    if terminal is None:
        return None
    key = CentreRegistry(database).key_of(terminal)
    unit = bench.units.of_terminal(terminal)
    return key or (unit.identity.key if unit else None)


def _named(terminal: str | None) -> str:
    if terminal is None:
        raise CheYouError("the flash does not say whose it is", "name it with --terminal")
    return terminal


def _write(path: Path, rings: list[Ring]) -> None:
    rows = [_row(ring.stream, record) for ring in rings for record in ring.opened]
    if path.suffix == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, list(_row("records", Record(*[0] * 18))))
        writer.writeheader()
        writer.writerows(rows)
        content = text.getvalue()
    else:
        content = json.dumps(rows, ensure_ascii=False, indent=1)
    write_private(path, content.encode())


def _row(stream: str, record: Record) -> dict[str, Any]:
    fields = record._asdict()
    fields["kind"] = _KINDS.get(record.kind, record.kind)
    fields["clock"] = CLOCKS[record.clock]
    fields["member"] = f"{record.member:011d}" if record.member else ""
    return {"stream": stream, **fields}
