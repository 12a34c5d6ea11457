"""Many boards at once: a job a port, each on a thread of its own, none waiting for another."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from host_tools.flash import job, ports
from host_tools.flash.adapters import AdapterMemory
from host_tools.flash.job import Outcome, Work
from host_tools.flash.ports import Port

_LOSSES = 4  # of the same board in a row: then it is the cable, and waiting for it would never end


class Watcher(Protocol):
    """Shows what goes on. Called from many threads."""

    def began(self, port: Port) -> None: ...

    def progress(self, port: Port, share: float, what: str) -> None: ...

    def ended(self, port: Port, outcome: Outcome) -> None: ...


class Crew:
    """Works on every board it is shown.

    `patience_s` is how long a board that was unplugged half-way is waited for; with `forever`, new boards are taken on
    until `stop`.
    """

    def __init__(self, work: Work, adapters: AdapterMemory, watcher: Watcher, patience_s: float, forever: bool = False) -> None:
        self._work = work
        self._adapters = adapters
        self._watcher = watcher
        self._patience_s = patience_s
        self._forever = forever
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, threading.Thread] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._unplugged_at: dict[str, float] = {}
        self._losses: dict[str, int] = {}

    def stop(self) -> None:
        """Take no new boards on; those in work are brought to their end."""
        self._stopped.set()

    def run(self, only: Port | None = None) -> list[Outcome]:
        """Work until every board has its outcome; the last one of each port, in the order of their names."""
        if only is not None:
            return [self._one(only)]
        for appeared, _ in ports.changes(self._finished):
            for port in sorted(appeared, key=lambda port: port.device):
                self._begin(port)
        for thread in list(self._running.values()):
            thread.join()
        with self._lock:
            return [self._outcomes[device] for device in sorted(self._outcomes)]

    def _one(self, port: Port) -> Outcome:
        self._work_on(port)
        return self._outcomes[port.device]

    def _begin(self, port: Port) -> None:
        with self._lock:
            self._unplugged_at.pop(port.device, None)
            if port.device in self._running or self._stopped.is_set():
                return
            thread = threading.Thread(target=self._work_on, args=(port,), name=f"board on {port.short}")
            self._running[port.device] = thread
        thread.start()

    def _work_on(self, port: Port) -> None:
        self._watcher.began(port)
        outcome = job.run(port, self._work, self._adapters, lambda share, what: self._watcher.progress(port, share, what))
        with self._lock:
            self._outcomes[port.device] = outcome
            self._running.pop(port.device, None)
            self._losses[port.device] = self._losses.get(port.device, 0) + 1 if outcome.resumable else 0
            if 0 < self._losses[port.device] <= _LOSSES:
                self._unplugged_at[port.device] = time.monotonic()
        self._watcher.ended(port, outcome)

    def _finished(self) -> bool:
        """Whether there is nothing left to do or to wait for. Also starts what came back while its job was still ending."""
        present = {port.device: port for port in ports.found()}
        with self._lock:
            back = [present[device] for device in self._unplugged_at if device in present and device not in self._running]
        for port in back:
            self._begin(port)
        with self._lock:
            if self._running:
                return False
            if self._stopped.is_set():
                return True
            if self._forever:
                return False
            oldest = time.monotonic() - self._patience_s
            waiting = any(since > oldest for since in self._unplugged_at.values())
            return bool(self._outcomes) and not waiting
