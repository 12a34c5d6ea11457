"""What `cheyou flash` and `cheyou provision` share: working on boards, and saying how it went."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import click

from central.database import Database
from host_tools import boards, listing
from host_tools.commands._centre import errors as centre_errors
from host_tools.errors import CheYouError
from host_tools.flash import ports
from host_tools.flash.bench import Bench
from host_tools.flash.board_bars import BoardBars
from host_tools.flash.crew import Crew
from host_tools.flash.job import Outcome, Work
from host_tools.flash.workshop import Workshop
from provisioning import batch
from provisioning.batch import Batch, Boards
from provisioning.errors import IdentityError
from provisioning.registry import CentreRegistry


@contextlib.contextmanager
def identity_errors() -> Iterator[None]:
    """Turns provisioning's errors into the command line's."""
    try:
        yield
    except IdentityError as error:
        raise CheYouError(error.message, error.next_step) from error


@contextlib.contextmanager
def registry(database_url: str) -> Iterator[CentreRegistry]:
    """The centre's registry."""
    with centre_errors():
        database = Database(database_url)
        database.create()
        try:
            yield CentreRegistry(database)
        finally:
            database.dispose()


def read_batch(rows: Path, bench: Bench, board: str = "") -> Batch:
    """The batch, whose rows are for `board` where they name none."""
    return batch.read(rows, bench.units, Boards(boards.names(), boards.is_wired, board))


@contextlib.contextmanager
def workshop(rows: Path, bench: Bench, database_url: str, board: str = "") -> Iterator[Workshop]:
    """A workshop for a batch, as `read_batch`. What may be wrong with it or the authority is said before any board is touched."""
    from host_tools.flash.selftest import run as selftest

    with identity_errors():
        wanted = read_batch(rows, bench, board)
        authority = bench.authority()
        with registry(database_url) as entries:
            for row in wanted.rows:
                if not entries.has_merchant(row.merchant):
                    raise IdentityError(
                        f"{rows}:{row.line}: there is no merchant {row.merchant}", "import it with `cheyou merchants import FILE`"
                    )
            yield Workshop(bench, entries, authority, wanted, selftest)


def work(what: Work, bench: Bench, device: str | None, everything: bool, patience: float, watch: bool) -> list[Outcome]:
    """Carry `what` out on one board or on all there are."""
    only = None if everything else ports.chosen(device)
    if everything and not watch:
        ports.require_some()
    with BoardBars() as bars:
        crew = Crew(what, bench.adapters, bars, patience, forever=watch)
        try:
            return crew.run(only)
        except KeyboardInterrupt:
            click.echo("stopping: boards in work are brought to their end, again Ctrl-C leaves them as they are", err=True)
            crew.stop()
            return crew.run(only)


def show(outcomes: list[Outcome], as_json: bool) -> int:
    """Print how it went; the exit code."""
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(outcome) for outcome in outcomes], ensure_ascii=False, indent=2))
    elif len(outcomes) == 1 and not outcomes[0].good:
        raise CheYouError(outcomes[0].message, outcomes[0].next_step)
    else:
        rows = [dataclasses.asdict(outcome) | {"remark": _remark(outcome)} for outcome in outcomes]
        columns = {"port": "Port", "mac": "MAC", "terminal": "Terminal", "state": "State", "seconds": "s", "remark": "Remark"}
        listing.show(rows, columns, as_json=False)
    return 0 if outcomes and all(outcome.good for outcome in outcomes) else 1


def _remark(outcome: Outcome) -> str:
    if not outcome.good:
        return f"{outcome.message}; {outcome.next_step}"
    written = f"{outcome.bytes_written:,} bytes at {outcome.rate}" if outcome.bytes_written else "nothing to write"
    return written + (f", kept {' '.join(outcome.kept)}" if outcome.kept else "")
