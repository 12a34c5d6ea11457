"""`cheyou screens`: pictures of every screen, taken of the firmware at work."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools.commands._pictures import drawing, must_be_none


@click.command()
@drawing("docs/screens", "the firmware shows")
def command(check: bool, output: Path | None) -> None:
    """Draw every screen in every language on every display into docs/screens."""
    # Here and not above: `cheyou --help` need not load the simulator.
    from host_tools.gallery import album

    folder = output or album.FOLDER
    if check:
        must_be_none(album.differences(folder), folder, "run `cheyou screens` and look at what has changed")
        return
    click.echo(f"{album.write(folder)} files changed in {folder}")
