"""`cheyou flash`: boards, from whatever they are to terminals."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools import boards, listing, stock_download
from host_tools.commands import _boards_at_work
from host_tools.commands._centre import database_url, place_options
from host_tools.errors import CheYouError
from host_tools.flash import target
from host_tools.flash.adapters import RATES
from host_tools.flash.bench import Bench, bench_option
from host_tools.flash.job import Work
from host_tools.flash.target import OWNED, Target
from provisioning.reports import ReportStore


@click.command()
@click.option("--port", "device", metavar="PORT", help="The board's port; needed when several are plugged in.")
@click.option("--all", "everything", is_flag=True, help="Every board that is plugged in, all at once.")
@click.option("--watch", is_flag=True, help="With --all: go on with boards plugged in later, until Ctrl-C.")
@click.option("--wait", "patience", default=60.0, show_default=True, help="Seconds to wait for a board unplugged half-way.")
@click.option("--board", "board_name", metavar="BOARD", help="Build the image of this board (`cheyou boards`).")
@click.option("--image", type=click.Path(path_type=Path, dir_okay=False), help="Or take this image made by `cheyou build`.")
@click.option(
    "--firmware", type=click.Path(path_type=Path, dir_okay=False), help="The stock MicroPython .bin to build from [downloaded]."
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
    if watch and not everything:
        raise click.UsageError("--watch needs --all")
    if image is not None and (board_name is not None or firmware is not None):
        raise click.UsageError("--image excludes --board and --firmware")
    if image is None and board_name is None and provision is None:
        raise click.UsageError("give --board, --image, or a batch that names the board")
    what = target.from_file(image) if image else _built(board_name or _board_of(provision, bench), firmware, bench)
    rates = (int(baud),) if baud else ()
    if provision is None:
        outcomes = _boards_at_work.work(Work(what, erase, rates=rates), bench, device, everything, patience, watch)
    else:
        if not ReportStore(bench.reports).qualified(what.application):
            test = f"cheyou qualify --board {what.board.name}"
            click.echo(f"note: this firmware has not passed its model test here; run `{test}` before units go out", err=True)
        with _boards_at_work.workshop(provision, bench, database_url(data, db), what.board.name) as workshop:
            work = Work(what, erase, workshop, None if no_selftest else workshop, rates)
            outcomes = _boards_at_work.work(work, bench, device, everything, patience, watch)
    return _boards_at_work.show(outcomes, as_json)


def _board_of(rows: Path | None, bench: Bench) -> str:
    """The board that a batch is for."""
    with _boards_at_work.identity_errors():
        named = {row.board for row in _boards_at_work.read_batch(rows, bench).rows} if rows else set()
    if len(named) != 1 or "" in named:
        what = "names several boards" if len(named - {""}) > 1 else "does not name the board in every row"
        raise CheYouError(f"{rows} {what}", "fill in its column board, or say it with --board BOARD, one run for each")
    return named.pop()


def _built(name: str, firmware: Path | None, bench: Bench) -> Target:
    """The target of a board, with MicroPython where there is a way to it."""
    board = boards.load(name)
    if firmware is None:
        try:
            firmware = stock_download.fetched(board, bench.firmware)
        except CheYouError as error:
            click.echo(f"note: only for boards that run MicroPython already: {error}", err=True)
    return target.built(board, firmware)
