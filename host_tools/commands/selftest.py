"""`cheyou selftest`: the acceptance test of a unit."""

from __future__ import annotations

import json
from pathlib import Path

import click

from host_tools import boards, listing
from host_tools.commands._boards_at_work import identity_errors, registry
from host_tools.commands._centre import database_url, place_options
from host_tools.flash import ports, probe, selftest
from host_tools.flash.bench import Bench, bench_option
from host_tools.flash.link import Link
from host_tools.flash.workshop import issue
from provisioning.reports import Report, ReportStore

_NAMES = tuple(selftest.TITLES)


@click.command()
@click.option("--port", "device", metavar="PORT", help="The board's port; needed when several are plugged in.")
@click.option("--step", "steps", multiple=True, type=click.Choice(_NAMES), help="Only this step; the unit's state stays.")
@bench_option
@place_options
@listing.json_option
def command(device: str | None, steps: tuple[str, ...], bench: Bench, data: Path, db: str | None, as_json: bool) -> int:
    """Test a unit: display, keys, buzzer, LEDs, flash, heap, clock, Wi-Fi or cable, broker and a training redemption.

    The board's own display says what to do; # means yes, * means no. The report is kept. A pending unit that passes all of
    it is issued and gets its label.
    """
    port = ports.chosen(device)
    with Link.open(port, bench.adapters.rates(port.adapter)) as link:
        board = probe.require_board(link)
        mac = link.mac
        link.run()
    with identity_errors():
        unit = bench.units.find(mac)
    if unit is not None and unit.state == "replaced":
        unit = None
    report = selftest.run(port, unit, board, lambda _share, what: click.echo(f"{port.short}: {what}", err=True), steps)
    files = [str(path) for path in ReportStore(bench.reports).save(report)]
    if report.passed and not steps and unit is not None:
        with identity_errors(), registry(database_url(data, db)) as entries:
            files += [str(path) for path in issue(bench, entries, unit, boards.load(board.name))]
    _show(report, files, as_json)
    return 0 if report.passed else 1


def _show(report: Report, files: list[str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.as_dict() | {"files": files}, ensure_ascii=False, indent=2))
    else:
        rows = [{"step": step.name, "passed": step.passed, "detail": step.detail} for step in report.steps]
        listing.show(rows, {"step": "Step", "passed": "Passed", "detail": "Detail"}, as_json=False)
    if not report.passed:
        raise selftest.failure(report, f"run `cheyou selftest` again; report: {files[1]}")
