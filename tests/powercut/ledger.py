"""What was promised, tried and stored up to each flash operation: the measure that the flash is held against after a cut."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

from tests.both.nor_flash import NorFlash


class Event(NamedTuple):
    """`operations` had been done when it happened."""

    operations: int
    kind: str
    what: Any


class Ledger:
    """Lives outside of the terminal, so no cut touches it; `of` keeps what had happened when a run was cut."""

    def __init__(self, events: list[Event] | None = None) -> None:
        self._events = events or []
        self._flash: NorFlash | None = None

    def follow(self, flash: NorFlash) -> None:
        """Count the operations of this flash from now on; all that was noted so far is held to have happened before them."""
        self._flash = flash
        self._events = [event._replace(operations=0) for event in self._events]

    def note(self, kind: str, what: Hashable = None) -> None:
        """Something happened: a promise (`saved`), a try (`tried`), or a state of the world outside the flash."""
        self._events.append(Event(len(self._flash.operations) if self._flash else 0, kind, what))

    def of(self, operations: int) -> Ledger:
        """What had happened when the operation of this number was cut."""
        return Ledger([event for event in self._events if event.operations <= operations])

    def copy(self) -> Ledger:
        """The same history, to go on from separately."""
        return Ledger(list(self._events))

    def all(self, kind: str) -> Iterator[Any]:
        """Everything noted under `kind`, in order."""
        return (event.what for event in self._events if event.kind == kind)

    def last(self, kind: str, otherwise: Any = None) -> Any:
        """What was noted last under `kind`."""
        for event in reversed(self._events):
            if event.kind == kind:
                return event.what
        return otherwise
