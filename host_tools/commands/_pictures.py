"""What the commands that draw pictures for docs/ share: draw them, or say which are no longer what the firmware shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from host_tools.errors import CheYouError


def drawing(folder: str, seen: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options `--check` and `--output` of a command that draws into `folder`; `seen`: what a picture must still be."""

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        output = click.Path(path_type=Path, file_okay=False)
        command = click.option("-o", "--output", type=output, help=f"Folder to write to, or to check [{folder}].")(command)
        return click.option("--check", is_flag=True, help=f"Write nothing; fail when a picture is not what {seen} today.")(
            command
        )

    return with_options


def must_be_none(differences: Iterable[str], folder: Path, next_step: str) -> None:
    """Name the pictures that differ; CheYouError when there are any."""
    found = list(differences)
    for line in found:
        click.echo(line)
    if found:
        raise CheYouError(f"{len(found)} pictures are out of date in {folder}", next_step)
