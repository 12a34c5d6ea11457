"""Listings: a table for people, `--json` for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """Decorator: adds `--json` to a command, which receives it as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs instead of a table.")(command)


def show(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], as_json: bool) -> None:
    """Print rows.

    As JSON: an array of the rows as they are. As a table: the keys named in `columns`, under the headings given
    there; on a terminal drawn, otherwise one line a row with tabs between the cells, for `cut` and `awk`.
    """
    rows = list(rows)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    if not sys.stdout.isatty():
        for line in [list(columns.values()), *cells]:
            click.echo("\t".join(line))
        return
    table = Table(*columns.values(), box=None, pad_edge=False, header_style="bold")
    for line in cells:
        table.add_row(*line)
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
