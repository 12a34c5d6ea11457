"""The bench's folder: certificate authority, book of units, reports, labels, and what it knows of its USB adapters.

Holds secrets, so it is its owner's alone and lies outside of the project: `make clean` must never reach it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from host_tools.flash.adapters import AdapterMemory
from provisioning.authority import Authority
from provisioning.private_files import private_folder
from provisioning.units import UnitStore

_Command = TypeVar("_Command", bound=Callable[..., Any])


def default_folder() -> Path:
    """Where a bench's folder is when nobody says otherwise."""
    if os.environ.get("CHEYOU_BENCH"):
        return Path(os.environ["CHEYOU_BENCH"])
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "cheyou"


class Bench:
    """One technician's bench."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = UnitStore(folder / "units")
        self.adapters = AdapterMemory(folder / "adapters.json")

    @property
    def authority_folder(self) -> Path:
        return self.folder / "authority"

    @property
    def reports(self) -> Path:
        """Where reports go, one folder a unit or model."""
        return self.folder / "reports"

    @property
    def firmware(self) -> Path:
        """Where downloaded stock firmware is kept."""
        return self.folder / "firmware"

    @property
    def labels(self) -> Path:
        return self.folder / "labels"

    def authority(self) -> Authority:
        """The certificate authority; `IdentityError` when there is none."""
        return Authority.load(self.authority_folder)


def bench_option(command: _Command) -> _Command:
    """Decorator: `--bench`, which arrives as the `Bench` argument `bench`."""

    def made(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Bench:
        return Bench(private_folder(value or default_folder()))

    return click.option(
        "--bench",
        envvar="CHEYOU_BENCH",
        type=click.Path(path_type=Path, file_okay=False),
        callback=made,
        help="Folder of authority, units, reports and labels [~/.local/share/cheyou; CHEYOU_BENCH].",
    )(command)
