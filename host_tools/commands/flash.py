"""`cheyou flash`: boards, from whatever they are to terminals."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import click

from host_tools import boards, listing
from host_tools.commands._centre import database_url, place_options
from host_tools.errors import CheYouError
from host_tools.flash import ports, target
from host_tools.flash.adapters import RATES
from host_tools.flash.bench import Bench, bench_option
from host_tools.flash.board_bars import BoardBars
from host_tools.flash.crew import Crew
from host_tools.flash.job import Outcome, Work
from host_tools.flash.target import OWNED


@click.command()
@click.option("--port", "device", metavar="PORT", help="The board's port; needed when several are plugged in.")
@click.option("--all", "everything", is_flag=True, help="Every board that is plugged in, all at once.")
@click.option("--watch", is_flag=True, help="With --all: go on with boards plugged in later, until Ctrl-C.")
@click.option("--wait", "patience", default=60.0, show_default=True, help="Seconds to wait for a board unplugged half-way.")
@click.option("--board", "board_name", metavar="BOARD", help="Build the image of this board (`cheyou boards`).")
@click.option("--image", type=click.Path(path_type=Path, dir_okay=False), help="Or take this image made by `cheyou build`.")
@click.option(
    "--firmware", type=click.Path(path_type=Path, dir_okay=False), help="With --board: the stock MicroPython .bin to build from."
)
@click.option("--provision", type=click.Path(path_type=Path, dir_okay=False), help="Batch CSV: make each board a terminal.")
@click.option("--no-selftest", is_flag=True, help="With --provision: stop before the self-test; the terminals stay pending.")
@click.option("--erase", multiple=True, type=click.Choice(OWNED), help="Give up this partition of the terminal's own.")
@click.option("--baud", type=click.Choice([str(rate) for rate in RATES]), help="Use this rate and no other.")
@bench_option
@place_options
@listing.json_option
def command(
    device: str | None, everything: bool, watch: bool, patience: float, board_name: str | None, image: Path | None,
    firmware: Path | None, provision: Path | None, no_selftest: bool, erase: tuple[str, ...], baud: str | None, bench: Bench,
    data: Path, db: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Write boards, many at once: only what differs, never identity, records or lists unless --erase names them.

    With --provision each board becomes a terminal: identity, self-test, registry entry and label. A board that was
    unplugged half-way goes on where it stopped.
    """
    if device and everything:
        raise click.UsageError("--port and --all exclude each other")
    if (board_name is None) == (image is None):
        raise click.UsageError("give either --board or --image")
    what = _target(board_name, image, firmware)
    with _workshop(provision, no_selftest, bench, database_url(data, db)) as workshop:
        work = Work(what, erase, workshop, None if no_selftest else workshop, (int(baud),) if baud else ())
        with BoardBars() as bars:
            crew = Crew(work, bench.adapters, bars, patience, forever=watch)
            outcomes = _work(crew, None if everything else _one_port(device))
    _show(outcomes, as_json)
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _target(board_name: str | None, image: Path | None, firmware: Path | None) -> target.Target:
    if image is not None:
        return target.from_file(image, None)
    assert board_name is not None
    return target.built(boards.load(board_name), firmware)


def _one_port(device: str | None) -> ports.Port:
    if device is not None:
        return ports.named(device)
    there = ports.require_some()
    if len(there) > 1:
        names = ", ".join(port.device for port in there)
        raise CheYouError(f"several boards are plugged in: {names}", "choose one with --port, or take them all with --all")
    return there[0]


@contextlib.contextmanager
def _workshop(batch: Path | None, no_selftest: bool, bench: Bench, database: str) -> Iterator[None]:
    yield None


def _work(crew: Crew, only: ports.Port | None) -> list[Outcome]:
    if only is not None:
        return crew.run(only)
    ports.require_some()
    try:
        return crew.run()
    except KeyboardInterrupt:
        crew.stop()
        return crew.run()


def _show(outcomes: list[Outcome], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(outcome) for outcome in outcomes], ensure_ascii=False, indent=2))
        return
    rows = [dataclasses.asdict(outcome) | {"remark": _remark(outcome)} for outcome in outcomes]
    columns = {"port": "Port", "mac": "MAC", "terminal": "Terminal", "state": "State", "seconds": "s", "remark": "Remark"}
    listing.show(rows, columns, as_json=False)


def _remark(outcome: Outcome) -> str:
    if not outcome.good:
        return f"{outcome.message}; {outcome.next_step}"
    written = f"{outcome.bytes_written:,} bytes at {outcome.rate}" if outcome.bytes_written else "nothing to write"
    return written + (f", kept {' '.join(outcome.kept)}" if outcome.kept else "")
