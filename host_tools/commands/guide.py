"""`cheyou guide`: the pictures of the technician's guide."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools.errors import CheYouError


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a picture is not what a technician sees today.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to, or to check [docs/technician]."
)
@click.option(
    "--panel", is_flag=True, help="Take docs/panel.png instead: the panel at work, in Chromium (`make setup-test` brings it)."
)
def command(check: bool, output: Path | None, panel: bool) -> None:
    """Draw the pictures of docs/technician.md: a label, a report, and what the display asks in the self-test."""
    # Here and not above: `cheyou --help` need not load the simulator.
    from host_tools.guide import pictures

    if panel:
        from host_tools.guide import panel_picture

        panel_picture.take()
        click.echo(f"taken into {panel_picture.FILE}")
        return
    folder = output or pictures.FOLDER
    if not check:
        pictures.write(folder)
        click.echo(f"drawn into {folder}")
        return
    found = list(pictures.differences(folder))
    for line in found:
        click.echo(line)
    if found:
        raise CheYouError(f"{len(found)} pictures are out of date in {folder}", "run `cheyou guide` and look at what has changed")
