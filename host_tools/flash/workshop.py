"""Where boards become terminals: identity from a batch, and what follows before a unit may go out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from host_tools.boards import Board
from host_tools.flash import selftest
from host_tools.flash.bench import Bench
from host_tools.flash.ports import Port
from provisioning import enrolment, label
from provisioning.authority import Authority
from provisioning.batch import Batch
from provisioning.registry import Registry
from provisioning.reports import Report, ReportStore
from provisioning.units import Unit

Progress = Callable[[float, str], None]
# Tests a unit on its port: a report, passed or not; `CheYouError` when the test could not be carried out.
SelfTest = Callable[[Port, Unit, Board, Progress], Report]


class Workshop:
    """A `job.Provisioner` and `job.Acceptance`. Used by many threads; the stores behind it take that."""

    def __init__(self, bench: Bench, registry: Registry, authority: Authority, batch: Batch, test: SelfTest) -> None:
        self._bench = bench
        self._registry = registry
        self._authority = authority
        self._batch = batch
        self._test = test

    def known_key(self, mac: str) -> bytes | None:
        """The key that the book or the centre has for the terminal this board is to be."""
        terminal = self._batch.row_for(mac).terminal
        unit = self._bench.units.find(mac)
        if unit is not None and unit.state != "replaced" and unit.identity.terminal_id == terminal:
            return unit.identity.key
        return self._registry.key_of(terminal)

    def unit_for(self, mac: str, board: Board) -> Unit:
        """The unit that the batch makes of this board, registered as pending if it is new."""
        row = self._batch.row_for(mac)
        wired = board.ethernet is not None
        return enrolment.enrol(mac, board.name, wired, row, self._bench.units, self._registry, self._authority)

    def accept(self, port: Port, unit: Unit, board: Board, report: Progress) -> list[Path]:
        """Self-test and, when passed, the registry entry and the label. A unit issued before is not tested again."""
        files = []
        if unit.state != "issued":
            report(0.0, "self-test")
            result = self._test(port, unit, board, report)
            files += ReportStore(self._bench.reports).save(result)
            if not result.passed:
                raise selftest.failure(result, f"run the same command again; report: {files[-1]}")
        return files + issue(self._bench, self._registry, unit, board)


def issue(bench: Bench, registry: Registry, unit: Unit, board: Board) -> list[Path]:
    """Mark a tested unit as fit to go out, here and at the centre, and print its label."""
    registry.issue(unit.identity.terminal_id)
    if unit.state != "issued":
        bench.units.save(unit.moved_to("issued", "self-test passed"))
    return label.write(label.Label(unit.identity.terminal_id, unit.mac, board.title), bench.labels)
