"""`cheyou boards`: the boards there are, every one of them checked."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools import boards, listing
from host_tools.errors import CheYouError
from host_tools.wiring import pages


@click.command()
@click.option("--draw", is_flag=True, help="Draw each board's wiring and list its parts, into docs/boards.")
@click.option("--check", is_flag=True, help="Write nothing; fail when a drawing or parts list is not what the board's file says.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder to draw into, or to check [docs/boards]."
)
@listing.json_option
def command(draw: bool, check: bool, output: Path | None, as_json: bool) -> None:
    """List the boards and check their files; or draw their wiring."""
    if (draw and check) or (output is not None and not (draw or check)):
        raise click.UsageError("give --draw or --check, and --output only with one of them")
    folder = output or pages.FOLDER
    if draw:
        click.echo(f"{len(pages.write(folder))} files changed in {folder}")
        return
    if check:
        found = list(pages.differences(folder))
        for line in found:
            click.echo(line)
        if found:
            raise CheYouError(f"{len(found)} files are out of date in {folder}", "run `cheyou boards --draw` and look at them")
        return
    rows = []
    for name in boards.names():
        board = boards.load(name)
        for warning in board.warnings:
            click.echo(f"cheyou: warning: {warning}", err=True)
        rows.append(
            {
                "board": board.name,
                "title": board.title,
                "chip": board.chip,
                "flash_mb": board.flash_bytes >> 20,
                "display": f"{board.display.kind} {board.display.columns}x{board.display.rows}",
                "network": board.network,
                "micropython": board.micropython.version,
                "partitions": [
                    {"label": p.label, "offset": p.offset, "size": p.size, "type": p.type, "subtype": p.subtype}
                    for p in board.partitions
                ],
            }
        )
    columns = {"board": "Board", "title": "Title", "chip": "Chip", "flash_mb": "Flash MB", "display": "Display"}
    listing.show(rows, {**columns, "network": "Network", "micropython": "MicroPython"}, as_json)
