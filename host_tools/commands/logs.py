"""`cheyou logs`: what a terminal kept of its last failure."""

from __future__ import annotations

import json

import click

from host_tools.flash import fault_log, ports, probe
from host_tools.flash.bench import Bench, bench_option
from host_tools.flash.console import Console
from host_tools.flash.link import Link


@click.command()
@click.option("--port", "device", metavar="PORT", help="The board's port; needed when several are plugged in.")
@click.option("--raw", is_flag=True, help="As it is on the board, with the names the build has shortened.")
@bench_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(device: str | None, raw: bool, bench: Bench, as_json: bool) -> int:
    """Read the traceback that a terminal kept of its last failure. Never holds a member's number.

    What it prints while it runs is shown by `cheyou monitor`.
    """
    port = ports.chosen(device)
    with Link.open(port, bench.adapters.rates(port.adapter)) as link:
        board = probe.require_board(link)
        link.run()
    with Console(port) as console:
        traceback = fault_log.read(console)
        console.restart()
    if traceback and not raw:
        traceback = fault_log.with_names(traceback, board)
    if as_json:
        click.echo(json.dumps({"board": board.name, "traceback": traceback}, ensure_ascii=False))
    else:
        click.echo(traceback or "no failure is on record")
    return 0
