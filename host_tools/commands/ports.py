"""`cheyou ports`: where boards may be plugged in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click

from host_tools import listing
from host_tools.errors import CheYouError
from host_tools.flash import ports, probe
from host_tools.flash.bench import Bench, bench_option


@click.command()
@click.option("--probe", "probing", is_flag=True, help="Ask every board who it is. Restarts it.")
@bench_option
@listing.json_option
def command(probing: bool, bench: Bench, as_json: bool) -> None:
    """List the ports a board may be on, and whether they can be used."""
    there = ports.found()
    if not there and not as_json:
        raise CheYouError("no board is plugged in", f"plug one in, or name further ports in {ports.EXTRA}")
    with ThreadPoolExecutor(max(len(there), 1)) as pool:
        rows = list(pool.map(lambda port: _row(port, probing, bench), there))
    columns = {"port": "Port", "state": "State", "adapter": "Adapter", "title": "Title"}
    asked = {"chip": "Chip", "flash_mb": "Flash MB", "mac": "MAC", "board": "Board", "terminal": "Terminal"}
    listing.show(rows, {**columns, **(asked if probing else {})}, as_json)


def _row(port: ports.Port, probing: bool, bench: Bench) -> dict[str, Any]:
    row: dict[str, Any] = {"port": port.device, "state": ports.state(port), "adapter": port.adapter, "title": port.title}
    if probing and row["state"] == "free":
        try:
            row |= probe.ask(port, bench.adapters)
        except CheYouError as error:
            row["state"] = error.message
    return row
