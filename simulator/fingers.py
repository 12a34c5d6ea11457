"""Fingers on the keypad: presses one after the other, with the bounce of real contacts."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from simulator.events import Event
from simulator.key_matrix import KeyMatrix
from simulator.timeline import Timeline

Press = tuple[str, float, float]
"""A key, milliseconds down, milliseconds up afterwards."""
Step = tuple[float, Callable[[], object]]
"""Microseconds to wait, and what to do then."""

LATE_US = 1000


class Fingers:
    """Queues presses; `report` hears of each as the contact first closes."""

    def __init__(self, matrix: KeyMatrix, timeline: Timeline, report: Callable[[int, Event], None]) -> None:
        self._matrix = matrix
        self._timeline = timeline
        self._report = report
        self._steps: deque[Step] = deque()
        self._moving = False

    def check(self, presses: Sequence[Press]) -> None:
        """ValueError for a key that the board does not have, or a time that is none."""
        unknown = sorted({key for key, _, _ in presses} - self._matrix.keys)
        if unknown:
            raise ValueError(f"this board has no key {unknown[0]!r}, only {''.join(sorted(self._matrix.keys))}")
        if any(down < 0 or up < 0 for _, down, up in presses):
            raise ValueError("a key cannot be down or up for less than 0 ms")

    def press(self, presses: Sequence[Press]) -> threading.Event:
        """Queue presses after those that are still to come; the event is set when the last key is up."""
        for key, down_ms, up_ms in presses:
            self._steps.append((0, partial(self._touch, key)))
            for gap_us, action in (*self._contact(key, True, down_ms), *self._contact(key, False, up_ms)):
                self._steps.append((gap_us, action))
        done = threading.Event()
        self._steps.append((0, done.set))
        if not self._moving:
            self._moving = True
            self._timeline.at_us(self._timeline.now_us(), self._step, float(self._timeline.now_us()))
        return done

    def set(self, key: str, closed: bool) -> None:
        """Close or open one contact, now and without bounce."""
        self.check([(key, 0, 0)])
        if closed:
            self._touch(key)
        self._matrix.set(key, closed)

    def _touch(self, key: str) -> None:
        self._report(self._timeline.now_us(), {"key": key})

    def _contact(self, key: str, closed: bool, ms: float) -> Iterator[Step]:
        """The edges of one contact, then what is left of the `ms` it stays so."""
        at = 0.0
        for edge_ms, state in self._matrix.bounce(closed):
            yield (edge_ms - at) * 1000, partial(self._matrix.set, key, state)
            at = edge_ms
        yield max(0.0, ms - at) * 1000, _nothing

    def _step(self, due_us: float) -> None:
        """Do what is due, then see when the next thing is."""
        while self._steps:
            gap_us, action = self._steps[0]
            if gap_us:
                # A host that comes late must not make a press shorter than it was to be: what follows comes later too.
                now = self._timeline.now_us()
                due_us = max(due_us, now - LATE_US) + gap_us
                self._steps[0] = (0, action)
                self._timeline.at_us(due_us, self._step, due_us)
                return
            self._steps.popleft()
            action()
        self._moving = False


def _nothing() -> None:
    return
