"""`cheyou build`: the flash image of a board."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools import boards, listing
from host_tools.build import build_image
from host_tools.toolchain import ROOT


@click.command()
@click.option("--board", "board_name", required=True, metavar="BOARD", help="A name from `cheyou boards`.")
@click.option(
    "--firmware",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Stock MicroPython .bin; without it the image lacks MicroPython.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it [build/BOARD.bin].")
@listing.json_option
def command(board_name: str, firmware: Path | None, output: Path | None, as_json: bool) -> None:
    """Build the flash image of a board, and list what lies where in it."""
    board = boards.load(board_name)
    for warning in board.warnings:
        click.echo(f"cheyou: warning: {warning}", err=True)
    image = build_image(board, firmware)
    target = output or ROOT / "build" / f"{board.name}.bin"
    image.write(target)
    if firmware is None:
        micropython = board.micropython
        click.echo(
            f"note: without MicroPython; for a blank board add --firmware {micropython.variant}-…-v{micropython.version}.bin "
            "from the MicroPython download page",
            err=True,
        )
    rows = [
        {"region": region.name, "offset": f"{region.offset:#x}", "size": region.size, "used": region.used}
        for region in image.regions
    ]
    listing.show(rows, {"region": "Region", "offset": "Offset", "size": "Size", "used": "Used"}, as_json)
    click.echo(f"{target} written, SHA-256 {image.sha256}", err=True)
