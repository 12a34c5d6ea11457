"""`cheyou label`: labels of units."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools import boards, listing
from host_tools.errors import CheYouError
from host_tools.flash.bench import Bench, bench_option
from provisioning import label
from provisioning.units import Unit


@click.command()
@click.argument("terminals", nargs=-1, metavar="[TERMINAL]...")
@click.option("--all", "everything", is_flag=True, help="Every unit in the bench's book that is not replaced.")
@click.option("--sheet", type=click.Path(path_type=Path, dir_okay=False), help="Also write all of them onto A4 pages, as PDF.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder [labels in the bench's folder].")
@bench_option
@listing.json_option
def command(
    terminals: tuple[str, ...], everything: bool, sheet: Path | None, output: Path | None, bench: Bench, as_json: bool
) -> None:
    """Write labels as PDF and PNG: terminal id, MAC, and a QR code of both. Nothing on them is secret."""
    if bool(terminals) == everything:
        raise click.UsageError("name terminals, or give --all")
    units = [unit for unit in bench.units if unit.state != "replaced"] if everything else [_unit(bench, t) for t in terminals]
    if not units:
        raise CheYouError("there are no units in the book", "make some with `cheyou flash --provision`")
    labels = [of(unit) for unit in units]
    rows = []
    for made in labels:
        paths = label.write(made, output or bench.labels)
        rows.append({"terminal": made.terminal, "mac": made.mac, "code": made.code, "files": [str(path) for path in paths]})
    if sheet:
        sheet.write_bytes(label.sheet(labels))
    shown = rows if as_json else [row | {"files": " ".join(row["files"])} for row in rows]
    listing.show(shown, {"terminal": "Terminal", "mac": "MAC", "code": "QR code", "files": "Files"}, as_json)


def of(unit: Unit) -> label.Label:
    """The label of a unit."""
    title = boards.load(unit.board).title if unit.board in boards.names() else unit.board
    return label.Label(unit.identity.terminal_id, unit.mac, title)


def _unit(bench: Bench, terminal: str) -> Unit:
    unit = bench.units.of_terminal(terminal)
    if unit is None:
        raise CheYouError(f"there is no unit {terminal} in the book", "see `cheyou provision --list`")
    return unit
