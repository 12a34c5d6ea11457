"""The keypad's wires and switches.

A closed key joins its row and its column. Lines joined through several keys form one net, as without diodes they do:
that is where ghost keys come from. The page gets, for each line, which lines it is joined to; the fake Pin works out
the level from that. Contacts bounce for up to 4 ms on closing and opening.

Not imitated: contact resistance, wear, two outputs that fight (only noted).
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from simulator import page as shared
from simulator.page import Page

BOUNCE_MS = 4.0


class KeyMatrix:
    """Rows x columns of keys; `layout` holds one string a row."""

    def __init__(
        self, page: Page, rows: Sequence[int], columns: Sequence[int], layout: Sequence[str], pulled_up: bool, seed: int = 0
    ) -> None:
        self._page = page
        self._lines = [*rows, *columns]
        self._keys = {key: (row, len(rows) + col) for row, keys in enumerate(layout) for col, key in enumerate(keys)}
        self._closed: set[str] = set()
        self._random = random.Random(seed)  # noqa: S311 - bounce has to be replayable
        for number, gpio in enumerate(self._lines):
            page[shared.LINE + gpio] = 1 << number
            page[shared.LEVEL + gpio] = 1 if pulled_up and gpio in columns else shared.FLOATS
        self._publish()

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self._keys)

    @property
    def closed(self) -> frozenset[str]:
        return frozenset(self._closed)

    def set(self, key: str, closed: bool) -> None:
        """Close or open one contact."""
        if closed:
            self._closed.add(key)
        else:
            self._closed.discard(key)
        self._publish()

    def bounce(self, closed: bool) -> list[tuple[float, bool]]:
        """(milliseconds from now, contact state) of one press or release; the last state is `closed`."""
        edges = [(0.0, closed)]
        moments = sorted(self._random.uniform(0.3, BOUNCE_MS) for _ in range(2 * self._random.randrange(3)))
        for number, moment in enumerate(moments):
            edges.append((moment, closed if number % 2 else not closed))
        return edges

    def _publish(self) -> None:
        net = list(range(len(self._lines)))
        for key in self._closed:
            a, b = (net[line] for line in self._keys[key])
            net = [a if n == b else n for n in net]
        for number, gpio in enumerate(self._lines):
            self._page[shared.JOINED + gpio] = sum(1 << other for other, n in enumerate(net) if n == net[number])
