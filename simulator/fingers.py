"""Fingers on the keypad: presses one after the other, with the bounce of real contacts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from simulator.events import Event
from simulator.key_matrix import KeyMatrix
from simulator.timeline import Timeline

Press = tuple[str, float, float]
"""A key, milliseconds down, milliseconds up afterwards."""


class Fingers:
    """Queues presses; `report` hears of each as the contact first closes."""

    def __init__(self, matrix: KeyMatrix, timeline: Timeline, report: Callable[[int, Event], None]) -> None:
        self._matrix = matrix
        self._timeline = timeline
        self._report = report
        self._free_us = 0.0

    def check(self, presses: Sequence[Press]) -> None:
        """ValueError for a key that the board does not have, or a time that is none."""
        unknown = sorted({key for key, _, _ in presses} - self._matrix.keys)
        if unknown:
            raise ValueError(f"this board has no key {unknown[0]!r}, only {''.join(sorted(self._matrix.keys))}")
        if any(down < 0 or up < 0 for _, down, up in presses):
            raise ValueError("a key cannot be down or up for less than 0 ms")

    def press(self, presses: Sequence[Press]) -> threading.Event:
        """Queue presses after those that are still to come; the event is set when the last key is up."""
        at = max(float(self._timeline.now_us()), self._free_us)
        for key, down_ms, up_ms in presses:
            self._timeline.at_us(at, self._touch, key)
            self._contact(at, key, True)
            at += down_ms * 1000
            self._contact(at, key, False)
            at += up_ms * 1000
        self._free_us = at
        done = threading.Event()
        self._timeline.at_us(at, done.set)
        return done

    def set(self, key: str, closed: bool) -> None:
        """Close or open one contact, now and without bounce."""
        self.check([(key, 0, 0)])
        if closed:
            self._touch(key)
        self._matrix.set(key, closed)

    def _touch(self, key: str) -> None:
        self._report(self._timeline.now_us(), {"key": key})

    def _contact(self, at: float, key: str, closed: bool) -> None:
        for ms, state in self._matrix.bounce(closed):
            self._timeline.at_us(at + ms * 1000, self._matrix.set, key, state)
