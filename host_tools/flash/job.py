"""One board, from whatever it is to what it should be: identified, written, verified, and - with a batch - in service.

    connect → compare → write → restart → self-test → issue → label

Every step can be repeated; a job that fails anywhere is simply run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash import identity_part, plan, probe, writer
from host_tools.flash.adapters import AdapterMemory
from host_tools.flash.link import Link, LinkLost, LinkNoisy
from host_tools.flash.ports import Port
from host_tools.flash.target import Target
from provisioning.errors import IdentityError
from provisioning.units import Unit

# Told (share done 0..1, what is being done).
Report = Callable[[float, str], None]
_WRITTEN = 0.8  # of a job with a self-test; without one, writing is all of it


class Provisioner(Protocol):
    """Gives a board its identity."""

    def known_key(self, mac: str) -> bytes | None:
        """The key of the terminal that the board `mac` is to be; None when it has none yet."""

    def unit_for(self, mac: str, board: Board) -> Unit:
        """The unit that the board `mac` is to be."""


class Acceptance(Protocol):
    """What a unit goes through before it may go out."""

    def accept(self, port: Port, unit: Unit, board: Board, report: Report) -> list[Path]:
        """Self-test, registry, label; the files made. `CheYouError` when the unit did not pass."""


@dataclass(frozen=True)
class Work:
    """What is to be done to every board."""

    target: Target | None  # None: leave everything but the identity, on a board that is one of ours already
    erase: Collection[str] = ()
    provisioner: Provisioner | None = None
    acceptance: Acceptance | None = None
    rates: Sequence[int] = ()  # to try; those the adapter is known for when empty


@dataclass
class Outcome:
    """How a job ended. `resumable` is whether plugging the board in again is all it takes to go on."""

    port: str
    mac: str = ""
    terminal: str = ""
    state: str = "failed"
    message: str = ""
    next_step: str = ""
    rate: int = 0
    bytes_written: int = 0
    seconds: float = 0.0
    resumable: bool = False
    kept: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return self.state != "failed"


def run(port: Port, work: Work, adapters: AdapterMemory, report: Report) -> Outcome:
    """Do the work on the board at `port`. Never raises for what can happen to a board: the outcome says it."""
    outcome = Outcome(port.device)
    started = time.monotonic()
    try:
        _run(port, work, adapters, report, outcome)
    except (CheYouError, IdentityError) as error:
        outcome.state, outcome.message, outcome.next_step = "failed", error.message, error.next_step
        outcome.resumable = isinstance(error, LinkLost)
    outcome.seconds = round(time.monotonic() - started, 2)
    return outcome


def _run(port: Port, work: Work, adapters: AdapterMemory, report: Report, outcome: Outcome) -> None:
    share = _WRITTEN if work.acceptance else 1.0
    unit = None
    rates = list(work.rates or adapters.rates(port.adapter))
    while True:
        report(0.0, "connecting")
        try:
            with Link.open(port, rates) as link:
                rates = rates[rates.index(link.rate) :]
                outcome.mac, outcome.rate = link.mac, link.rate
                target = work.target or Target(probe.require_board(link), ())
                unit = _write(link, work, target, lambda done, what: report(share * done, what), outcome)
                adapters.worked(port.adapter, link.rate)
                report(share, "restarting")
                link.run()
            break
        except LinkNoisy:
            # It connected and then failed in the middle: what has been written stays, a lower rate goes on from there.
            if len(rates) == 1:
                raise
            rates = rates[1:]
    outcome.state = "written"
    if unit is not None:
        outcome.state = unit.state
        if work.acceptance is not None:
            made = work.acceptance.accept(port, unit, target.board, lambda done, what: report(share + 0.2 * done, what))
            outcome.files = [str(path) for path in made]
            outcome.state = "issued"
    report(1.0, outcome.state)


def _write(link: Link, work: Work, target: Target, report: Report, outcome: Outcome) -> Unit | None:
    report(0.0, "comparing")
    todo = plan.make(link, target, work.erase)
    unit = None
    if work.provisioner is not None:
        values = identity_part.present(link, target.board) if todo.ours_before else {}
        identity_part.refuse_to_lose(todo, link, target.board, values, work.provisioner.known_key(link.mac))
        unit = work.provisioner.unit_for(link.mac, target.board)
        outcome.terminal = unit.identity.terminal_id
        identity_part.add_to(todo, target.board, unit.identity, values)
    outcome.kept = list(todo.kept)
    writer.carry_out(link, todo, report)
    outcome.bytes_written += todo.bytes_to_write
    return unit
