"""The one writer: a thread that owns the writing connection and commits in groups.

While one group is being flushed to disk the next one gathers, so a lone batch waits for nobody and a flood shares its flushes.
Receipts leave this thread only after the commit that makes them true (laws 1 and 2).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from central import faults, quarantine
from central.database import Database
from central.directory import EMPTY, Directory
from central.ingest import Batch, Intake, Receipt
from protocol import messages, topics

log = logging.getLogger(__name__)

GROUP_BATCHES = 128  # ≤ 4,096 records a transaction: some 150 ms, so that the next group's first batch does not wait long
MAX_BATCHES = 8192
MAX_JOBS = 20_000
_RETRY_S = (0.2, 5.0)
# The database is away, full or read-only: not the fault of what was to be written.
_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, OSError)


@dataclass(frozen=True)
class Job:
    """Something to write that is no batch, and what to do once it is committed."""

    write: Callable[[sa.Connection], None]
    done: Callable[[], None] | None = None


@dataclass
class Counters:
    """What `/metrics` tells of the writer; written by its thread alone."""

    records: int = 0
    groups: int = 0
    batches: int = 0
    batches_dropped: int = 0  # no room, or the database was away: no receipt, so the terminal sends them again
    jobs_dropped: int = 0
    failures: int = 0
    commit_s: float = 0.0
    last_error: str = ""
    incidents: dict[str, int] = field(default_factory=dict)


class Writer:
    """``deliver(receipts)`` is called on the writer's thread, after the commit."""

    def __init__(self, database: Database, deliver: Callable[[list[Receipt]], None]) -> None:
        self._database = database
        self._deliver = deliver
        self._batches: deque[Batch] = deque()
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.directory: Directory = EMPTY
        self.counters = Counters()
        self.healthy = True

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Write what has been handed over and end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout_s)

    @property
    def waiting(self) -> int:
        """Batches that have not been stored yet."""
        return len(self._batches)

    def take(self, batch: Batch) -> None:
        """Hand over a batch of slots. When there is no room it is dropped: without a receipt it comes again."""
        with self._wake:
            if len(self._batches) >= MAX_BATCHES:
                self.counters.batches_dropped += 1
                return
            self._batches.append(batch)
            self._wake.notify()

    def do(self, write: Callable[[sa.Connection], None], done: Callable[[], None] | None = None) -> None:
        """Hand over something else to write. It is tried until the database takes it, as long as there is room to wait; ``done``
        is called on the writer's thread, after the commit."""
        with self._wake:
            if len(self._jobs) >= MAX_JOBS:
                self.counters.jobs_dropped += 1
                return
            self._jobs.append(Job(write, done))
            self._wake.notify()

    def _run(self) -> None:
        delay = _RETRY_S[0]
        while True:
            with self._wake:
                while not self._batches and not self._jobs and not self._stopping:
                    self._wake.wait()
                if self._stopping and not self._batches and not self._jobs:
                    return
                batches = [self._batches.popleft() for _ in range(min(GROUP_BATCHES, len(self._batches)))]
                jobs = list(self._jobs)
                self._jobs.clear()
            try:
                self._write(batches, jobs)
                self.healthy = True
                delay = _RETRY_S[0]
            except Exception as error:  # whatever it is, this thread must not end: nothing would be stored any more
                self._failed(batches, jobs, error)
                if self._stopping:
                    return
                time.sleep(delay)
                delay = min(delay * 2, _RETRY_S[1])

    def _failed(self, batches: list[Batch], jobs: list[Job], error: Exception) -> None:
        """The database is away, full or read-only: what terminals hold they send again, what only we hold waits here."""
        self.healthy = False
        self.counters.failures += 1
        self.counters.batches_dropped += len(batches)
        self.counters.last_error = str(getattr(error, "orig", error)).splitlines()[0][:200]
        log.error("cannot write: %s", self.counters.last_error)
        with self._wake:
            self._jobs.extendleft(reversed(jobs))
            while len(self._jobs) > MAX_JOBS:
                self._jobs.pop()
                self.counters.jobs_dropped += 1

    def _write(self, batches: list[Batch], jobs: list[Job]) -> None:
        try:
            receipts = self._transaction(batches, jobs)
        except _AWAY:
            raise
        except Exception:
            # Something in the group cannot be stored at all. Each part by itself: the others must not wait for it (law 4).
            log.exception("a group could not be stored, storing its parts")
            for job in jobs:
                self._alone([], job)
            for batch in batches:
                self._alone([batch], None)
            return
        self._hand_out(batches, jobs, receipts)

    def _alone(self, batches: list[Batch], job: Job | None) -> None:
        try:
            receipts = self._transaction(batches, [job] if job else [])
        except _AWAY:
            raise
        except Exception as error:
            log.exception("cannot be stored")
            for batch in batches:
                oddity = _oddity(batch, error)
                keep = Job(lambda connection, odd=oddity: quarantine.keep(connection, self._database, [odd]))  # type: ignore[misc]
                self._transaction([], [keep])
            return
        self._hand_out(batches, [job] if job else [], receipts)

    def _transaction(self, batches: list[Batch], jobs: list[Job]) -> list[Receipt]:
        started = time.perf_counter()
        with self._database.write() as connection:
            receipts = Intake(connection, self._database, self.directory).take(batches) if batches else []
            for job in jobs:
                job.write(connection)
            if batches:
                faults.reach("before-commit")
        self.counters.commit_s += time.perf_counter() - started
        if batches:
            faults.reach("after-commit")
        return receipts

    def _hand_out(self, batches: list[Batch], jobs: list[Job], receipts: list[Receipt]) -> None:
        self.counters.groups += 1
        self.counters.batches += len(batches)
        self.counters.records += sum(len(batch.slots) for batch in batches)
        if receipts:
            self._deliver(receipts)
            faults.reach("after-receipt")
        for job in jobs:
            if job.done:
                job.done()


def _oddity(batch: Batch, error: Exception) -> quarantine.Oddity:
    body = messages.encode_batch(batch.epoch, batch.first, batch.chain, batch.slots)
    reason = f"cannot be stored: {type(error).__name__}"
    topic = topics.up(batch.terminal.id, batch.stream)
    payload = messages.tagged(batch.terminal.keys.message, topic, body)
    return quarantine.Oddity.of(batch.received_at, topic, reason, payload, batch.terminal.id)
