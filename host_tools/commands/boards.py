"""`cheyou boards`: the boards there are, every one of them checked."""

from __future__ import annotations

import click

from host_tools import boards, listing


@click.command()
@listing.json_option
def command(as_json: bool) -> None:
    """List the boards and check their files."""
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
