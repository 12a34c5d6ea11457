"""`cheyou guide`: the pictures of the technician's guide."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools.commands._pictures import drawing, must_be_none


@click.command()
@click.option(
    "--panel", is_flag=True, help="Take docs/panel.png instead: the panel at work, in Chromium (`make setup-test` brings it)."
)
@drawing("docs/technician", "a technician sees")
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
    if check:
        must_be_none(pictures.differences(folder), folder, "run `cheyou guide` and look at what has changed")
        return
    pictures.write(folder)
    click.echo(f"drawn into {folder}")
