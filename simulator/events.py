"""What happened on a board, in order, for whoever watches: tests that wait, the headless front, the panel."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
"""One JSON line of `cheyou simulate --headless`: `t_ms` and one of lcd, led, beep, key, event, error."""

KEPT = 20_000


class EventLog:
    """The last 20,000 events; thread-safe. `position` counts every event there ever was."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._watchers: list[Callable[[Event], None]] = []
        self._changed = threading.Condition()
        self.position = 0

    def add(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self.position += 1
            self._changed.notify_all()
        for watcher in tuple(self._watchers):
            watcher(event)

    def watch(self, watcher: Callable[[Event], None]) -> None:
        """Call `watcher` with each event, on the board's own thread: it must return at once."""
        self._watchers.append(watcher)

    def since(self, position: int = 0) -> list[Event]:
        """Events from `position` on, as far as they are kept."""
        with self._changed:
            wanted = self.position - position
            return list(self._events)[-wanted:] if wanted > 0 else []

    def wait(self, predicate: Callable[[Event], bool], timeout: float, since: int | None = None) -> Event:
        """The first event from `since` (now, unless given) on that fits; TimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            position = self.position if since is None else since
            while True:
                for event in self.since(position):
                    if predicate(event):
                        return event
                position = self.position
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise TimeoutError("no such event came in time")
