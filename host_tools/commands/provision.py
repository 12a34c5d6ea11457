"""`cheyou provision`: identities for boards that run our image already, and the authority behind them."""

from __future__ import annotations

import time
from pathlib import Path

import click

from host_tools import listing
from host_tools.commands import _boards_at_work
from host_tools.commands._centre import database_url, place_options
from host_tools.flash.bench import Bench, bench_option
from host_tools.flash.job import Work
from provisioning.authority import Authority


@click.command()
@click.argument("batch", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[BATCH.CSV]")
@click.option("--port", "device", metavar="PORT", help="The board's port; needed when several are plugged in.")
@click.option("--all", "everything", is_flag=True, help="Every board that is plugged in, all at once.")
@click.option("--no-selftest", is_flag=True, help="Stop before the self-test; the terminals stay pending.")
@click.option("--new-authority", is_flag=True, help="Make the certificate authority, once for the project.")
@click.option("--list", "listed", is_flag=True, help="List the units in the bench's book.")
@bench_option
@place_options
@listing.json_option
def command(
    batch: Path | None, device: str | None, everything: bool, no_selftest: bool, new_authority: bool, listed: bool,
    bench: Bench, data: Path, db: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Give boards their identity from a batch: id, keys, certificate, addresses, Wi-Fi and merchant.

    The batch is a CSV file with the columns terminal, merchant, mqtt_url, http_url, for boards with Wi-Fi wifi_ssid and
    wifi_psk, and, as wanted, mac and board. A second run gives every board the same identity again. Secrets are never on the
    command line.
    """
    if sum((batch is not None, new_authority, listed)) != 1:
        raise click.UsageError("give a batch, --new-authority or --list")
    with _boards_at_work.identity_errors():
        if new_authority:
            Authority.create(bench.authority_folder)
            click.echo(f"certificate authority made in {bench.authority_folder}: keep a copy of that folder in a safe place")
            return 0
        if listed:
            _list(bench, as_json)
            return 0
    if batch is None or (device and everything):
        raise click.UsageError("--port and --all exclude each other")
    with _boards_at_work.workshop(batch, bench, database_url(data, db)) as workshop:
        work = Work(None, (), workshop, None if no_selftest else workshop)
        outcomes = _boards_at_work.work(work, bench, device, everything, 60.0, watch=False)
    return _boards_at_work.show(outcomes, as_json)


def _list(bench: Bench, as_json: bool) -> None:
    rows = [
        {
            "terminal": unit.identity.terminal_id,
            "mac": unit.mac,
            "state": unit.state,
            "merchant": unit.identity.merchant,
            "board": unit.board,
            "since": time.strftime("%Y-%m-%d %H:%M", time.gmtime(unit.history[-1][0] + 28_800)) if unit.history else None,
        }
        for unit in bench.units
    ]
    columns = {"terminal": "Terminal", "mac": "MAC", "state": "State", "merchant": "Merchant", "board": "Board"}
    listing.show(rows, {**columns, "since": "Since (CST)"}, as_json)
