"""`cheyou build`: the flash image of a board."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools import boards, listing, stock_download
from host_tools.build import build_image
from host_tools.flash.bench import default_folder
from host_tools.toolchain import ROOT


@click.command()
@click.option("--board", "board_name", required=True, metavar="BOARD", help="A name from `cheyou boards`.")
@click.option(
    "--firmware",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Stock MicroPython .bin; without it the image lacks MicroPython.",
)
@click.option("--download", is_flag=True, help="Download that .bin, unless it was before.")
@click.option("--pin", is_flag=True, help="Write its SHA-256 into the board's file: from then on no other file is accepted.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it [build/BOARD.bin].")
@listing.json_option
def command(
    board_name: str, firmware: Path | None, download: bool, pin: bool, output: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Build the flash image of a board, and list what lies where in it. The same input gives the same bytes."""
    if firmware and download:
        raise click.UsageError("--firmware and --download exclude each other")
    if pin and not (firmware or download):
        raise click.UsageError("--pin needs --firmware or --download")
    board = boards.load(board_name)
    for warning in board.warnings:
        click.echo(f"cheyou: warning: {warning}", err=True)
    if download:
        firmware = stock_download.fetched(board, default_folder() / "firmware")
    if firmware and pin:
        click.echo(f"{board.name} takes no other firmware than SHA-256 {stock_download.pin(board, firmware)} now", err=True)
    image = build_image(board, firmware)
    target = output or ROOT / "build" / f"{board.name}.bin"
    image.write(target)
    if firmware is None:
        file = board.micropython.file
        click.echo(f"note: without MicroPython; for a blank board add --download, or --firmware {file}", err=True)
    elif board.micropython.sha256 is None and not pin:
        click.echo("note: any file of this version is accepted; --pin accepts none but this one from now on", err=True)
    rows = [
        {"region": region.name, "offset": f"{region.offset:#x}", "size": region.size, "used": region.used}
        for region in image.regions
    ]
    listing.show(rows, {"region": "Region", "offset": "Offset", "size": "Size", "used": "Used"}, as_json)
    click.echo(f"{target} written, SHA-256 {image.sha256}", err=True)
