"""What a scenario is: to add one, subclass `Scenario` and name it in `tests/powercut/catalogue.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from tests.both.nor_flash import NorFlash
from tests.powercut.ledger import Ledger


class Fault(Exception):
    """A promise that was not kept. `kind`: lost, doubled, unbootable or wrong."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Scenario(ABC):
    """One thing a terminal does, cut at each of its flash operations.

    `prepare` brings a new flash to where it begins; it is not cut. `run` switches on and does it; it must work on whatever an
    earlier cut of itself left, because pairs of cuts run it twice. `verify` switches on and holds the flash against the ledger;
    it raises `Fault`, and any other exception counts as unbootable. What is kept outside of the flash (NVS, the centre, the
    serial numbers used up) is kept in the ledger and nowhere else.

    `pairs`: cut a second time, at each operation of the run that follows the first cut. `fast`: part of `make test`.
    """

    name: ClassVar[str]
    sectors: ClassVar[int]
    pairs: ClassVar[bool] = False
    fast: ClassVar[bool] = True

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:  # noqa: B027  # a blank flash is where many begin
        """Bring `flash` to where the scenario begins."""

    @abstractmethod
    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        """Switch on and do it."""

    @abstractmethod
    def verify(self, flash: NorFlash, ledger: Ledger) -> None:
        """Switch on and check."""
