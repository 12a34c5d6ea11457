"""What the import commands share: their arguments, and how they report."""

from __future__ import annotations

import json
from pathlib import Path

import click

from central.csv_import import Report, write_rejects

_SHOWN = 20

file_argument = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
rejects_option = click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where bad rows are kept (default: FILE.rejected.csv); written only when there are any.",
)


def report(result: Report, file: Path, rejects: Path | None, as_json: bool) -> int:
    """Print what became of the file, keep the bad rows; the exit code."""
    kept = None
    if result.bad:
        kept = rejects or file.with_suffix(".rejected.csv")
        write_rejects(kept, result, file)
    bad = [{"line": line, "reason": reason} for line, reason, _ in result.bad]
    if as_json:
        summary = {"rows": result.rows, "changed": result.changed, "bad": bad, "rejects": str(kept) if kept else None}
        click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        for row in bad[:_SHOWN]:
            click.echo(f"{file.name} line {row['line']}: {row['reason']}", err=True)
        if len(bad) > _SHOWN:
            click.echo(f"… and {len(bad) - _SHOWN} more in {kept}", err=True)
        click.echo(
            f"{result.rows} row{'' if result.rows == 1 else 's'}: {result.changed} changed, {len(bad)} bad"
            + (f", kept in {kept}" if kept else "")
        )
    return 1 if bad else 0
