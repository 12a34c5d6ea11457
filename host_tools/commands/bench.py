"""`cheyou bench`: measure, print a table, and put the figures into build/bench.json."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import pkgutil
import sys
import time
from collections.abc import Callable
from types import ModuleType

import click

import host_tools.bench
from host_tools import bench_file, listing
from host_tools.bench_file import Figures
from host_tools.errors import CheYouError
from host_tools.toolchain import ROOT

# Minutes by itself: `make bench-list`.
_APART = ("member_list",)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@listing.json_option
def command(names: tuple[str, ...], as_json: bool) -> int:
    """Run the benches of these NAMES, or all of them.

    Each measures its own figures; one that fails is named, and the others are measured all the same.
    """
    benches = _benches()
    unknown = sorted(set(names) - set(benches))
    if unknown:
        raise click.UsageError(f"there is no bench {unknown[0]}, only {', '.join(benches)}")
    # What else this machine does should not be measured; only root may ask for that.
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    figures: Figures = {}
    failed = []
    for name in names or [name for name in benches if name not in _APART]:
        started = time.monotonic()
        click.echo(f"{name} …", err=True)
        try:
            found = benches[name]()
        except (CheYouError, TimeoutError, OSError) as fault:
            failed.append(name)
            click.echo(f"cheyou: {name} could not be measured: {fault}", err=True)
            continue
        click.echo(f"{name}: {time.monotonic() - started:.0f} s", err=True)
        bench_file.merge(found)
        figures |= found
    rows = [{"name": name, **entry} for name, entry in sorted(figures.items())]
    listing.show(
        rows, {"name": "Figure", "value": "Value", "unit": "Unit", "compared_with": "Compared with", "ratio": "Ratio"}, as_json
    )
    click.echo(f"also in {bench_file.PATH}", err=True)
    return 1 if failed else 0


def _benches() -> dict[str, Callable[[], Figures]]:
    """The `run` of every module that needs nothing handed to it."""
    # Some benches put the tests' terminals to work, and other people's packages come with a folder `tests` too.
    sys.path.insert(0, str(ROOT))
    found = {}
    for entry in pkgutil.iter_modules(host_tools.bench.__path__):
        if entry.ispkg:
            continue
        run = _run_of(importlib.import_module(f"{host_tools.bench.__name__}.{entry.name}"))
        if run is not None:
            found[entry.name] = run
    return found


def _run_of(module: ModuleType) -> Callable[[], Figures] | None:
    run: Callable[[], Figures] | None = getattr(module, "run", None)
    return run if run is not None and not inspect.signature(run).parameters else None
