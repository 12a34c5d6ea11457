"""`cheyou screens`: pictures of every screen, taken of the firmware at work."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools.errors import CheYouError


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a picture is not what the firmware shows today.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to, or to check [docs/screens]."
)
def command(check: bool, output: Path | None) -> None:
    """Draw every screen in every language on every display into docs/screens."""
    # Here and not above: `cheyou --help` need not load the simulator.
    from host_tools.gallery import album

    folder = output or album.FOLDER
    if not check:
        click.echo(f"{album.write(folder)} files changed in {folder}")
        return
    found = list(album.differences(folder))
    for line in found:
        click.echo(line)
    if found:
        raise CheYouError(f"{len(found)} pictures are out of date", "look at what has changed and run `cheyou screens`")
