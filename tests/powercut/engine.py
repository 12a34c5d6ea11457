"""Runs a scenario once, then once more from each image that a cut of its operations leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.both.nor_flash import NorFlash
from tests.powercut.cuts import Cut, Operation, apply, cuts_of
from tests.powercut.ledger import Ledger
from tests.powercut.scenario import Fault, Scenario

FAULTS = ("lost", "doubled", "unbootable", "wrong")


@dataclass
class Failure:
    """One cut (or pair) that broke a promise, and the line that plays it again."""

    scenario: str
    cuts: tuple[Cut, ...]
    kind: str
    text: str

    @property
    def replay(self) -> str:
        return f"make powercut REPLAY={self.scenario}:{','.join(map(str, self.cuts))}"

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}\n  {self.replay}"


@dataclass
class Tally:
    """Counts of one or more scenarios."""

    points: int = 0
    pairs: int = 0
    operations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.points += other.points
        self.pairs += other.pairs
        self.operations += other.operations
        self.faults += other.faults
        self.failures += other.failures[: max(0, 20 - len(self.failures))]


@dataclass
class _Recording:
    """A run without a cut: the flash before it, its operations, and what was noted along the way."""

    before: NorFlash
    operations: list[Operation]
    ledger: Ledger


def _record(scenario: Scenario, flash: NorFlash, ledger: Ledger) -> _Recording:
    flash.operations = []
    recording = _Recording(flash.copy(), flash.operations, ledger)
    ledger.follow(flash)
    scenario.run(flash, ledger)
    return recording


def _start(scenario: Scenario) -> _Recording:
    flash, ledger = NorFlash(scenario.sectors), Ledger()
    ledger.follow(flash)
    scenario.prepare(flash, ledger)
    return _record(scenario, flash, ledger)


def _images(recording: _Recording, seed: str, wanted: Callable[[int], bool]) -> Iterator[tuple[Cut, NorFlash, Ledger]]:
    """The flash and the ledger that each cut of a recorded run leaves."""
    progress = recording.before.copy()
    for at, operation in enumerate(recording.operations):
        if wanted(at):
            for cut in cuts_of(progress, operation, at, seed):
                flash = progress.copy()
                apply(flash, operation, cut, seed)
                yield cut, flash, recording.ledger.of(at)
        address, data = operation
        if data is None:
            progress.erase(address)
        else:
            progress.program(address, data)
    end = len(recording.operations)
    if wanted(end):
        yield Cut(end), progress, recording.ledger.of(end)


def _verify(scenario: Scenario, flash: NorFlash, ledger: Ledger, cuts: tuple[Cut, ...], tally: Tally) -> None:
    try:
        scenario.verify(flash, ledger)
    except Fault as fault:
        failure = Failure(scenario.name, cuts, fault.kind, str(fault))
    except Exception as error:
        failure = Failure(scenario.name, cuts, "unbootable", f"{type(error).__name__}: {error}")
    else:
        return
    tally.faults[failure.kind] += 1
    if len(tally.failures) < 20:
        tally.failures.append(failure)


def campaign(scenario: Scenario, share: int = 0, shares: int = 1, every: int = 1) -> Tally:
    """Every cut of `scenario`, and every pair where it asks for pairs; of those, the operations that fall to this share.

    `every` takes one operation in so many, and every erase: a sample, for `make test`.
    """
    tally = Tally()
    recording = _start(scenario)
    tally.operations = len(recording.operations) if share == 0 else 0

    erases = {at for at, (_, data) in enumerate(recording.operations) if data is None}

    def wanted(at: int) -> bool:
        return (at % every == 0 and at // every % shares == share) or (every > 1 and at in erases)

    for cut, flash, ledger in _images(recording, scenario.name, wanted):
        tally.points += 1
        _verify(scenario, flash.copy(), ledger.copy(), (cut,), tally)
        if scenario.pairs:
            second = _record(scenario, flash, ledger)
            for cut2, flash2, ledger2 in _images(second, f"{scenario.name}:{cut}", lambda at: at % every == 0):
                tally.points += 1
                tally.pairs += 1
                _verify(scenario, flash2, ledger2, (cut, cut2), tally)
    return tally


def replay(scenario: Scenario, cuts: tuple[Cut, ...]) -> Failure | None:
    """Play one cut, or pair, again; an exception comes out as it is raised, None is a promise kept."""
    recording = _start(scenario)
    seed = scenario.name
    flash, ledger = recording.before.copy(), recording.ledger
    for number, cut in enumerate(cuts):
        for found, image, known in _images(recording, seed, lambda at, cut=cut: at == cut.at):  # type: ignore[misc]
            if found == cut:
                flash, ledger = image, known
                break
        else:
            raise ValueError(f"{scenario.name} has no cut {cut}")
        if number + 1 < len(cuts):
            recording = _record(scenario, flash, ledger)
            seed = f"{seed}:{cut}"
    try:
        scenario.verify(flash, ledger)
    except Fault as fault:
        return Failure(scenario.name, cuts, fault.kind, str(fault))
    return None
