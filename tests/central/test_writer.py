"""The writer: what cannot be stored at all is set aside, and the rest of its group is stored and receipted (law 4)."""

from __future__ import annotations

import contextlib
import time

import pytest
import sqlalchemy as sa

from central import ingest, schema
from central.database import Database
from central.ingest import Batch, Receipt
from central.writer import Writer
from tests.central.chains import batch, journal
from tests.central.conftest import Seeded


def test_one_batch_that_cannot_be_stored_holds_up_no_other(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, good, poison = seeded.terminal, journal(seeded.key, 5), journal(seeded.key, 3, epoch=2)
    place = ingest.Intake._place

    def stumble(self: ingest.Intake, part: Batch) -> None:
        if part.epoch == 2:
            raise ZeroDivisionError("a fault of ours")
        place(self, part)

    monkeypatch.setattr(ingest.Intake, "_place", stumble)
    receipts: list[Receipt] = []
    writer = Writer(seeded.database, receipts.extend)
    writer.directory = seeded.directory
    for part in (batch(terminal, good, 1, 2), batch(terminal, poison, 1, 3), batch(terminal, good, 3, 5)):
        writer.take(part)
    writer.start()
    writer.stop()
    assert {(receipt.epoch, receipt.position.upto) for receipt in receipts} == {(1, 2), (1, 5)}
    with seeded.database.read() as connection:
        stored = list(connection.execute(sa.select(schema.records.c.epoch, schema.records.c.sequence)))
        kept = [bytes(content) for content in connection.scalars(sa.select(schema.quarantine.c.bytes))]
    assert sorted(map(tuple, stored)) == [(1, sequence) for sequence in range(1, 6)]
    assert len(kept) == 1 and all(slot in kept[0] for slot in poison.slots)


def test_what_is_said_to_be_kept_is_committed(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told before the commit; a commit that fails is tried again, and only then told."""
    monkeypatch.setattr("central.writer._RETRY_S", (0.001, 0.01))
    tries, told = [], []

    def job(connection: sa.Connection) -> None:
        tries.append(len(told))
        connection.execute(schema.audit.insert(), [{"time": 1, "who": "job", "action": "x", "subject": "x", "detail": {}}])
        if len(tries) < 4:

            def away(_: sa.Connection) -> None:
                raise sa.exc.OperationalError("commit", {}, OSError("the disk is full"))

            sa.event.listen(connection, "commit", away)

    def done() -> None:
        with seeded.database.read() as connection:
            told.append(connection.scalar(sa.select(sa.func.count()).where(schema.audit.c.who == "job")))

    writer = Writer(seeded.database, lambda _: None)
    writer.do(job, done)
    writer.start()
    deadline = time.monotonic() + 20
    while not told and time.monotonic() < deadline:
        time.sleep(0.01)
    writer.stop()
    assert (tries, told) == ([0] * 4, [1])


def test_a_receipt_is_sent_after_the_commit(seeded: Seeded) -> None:
    """What a receipt covers is there for any other connection by then (law 1)."""
    found: list[tuple[int, int]] = []

    def deliver(receipts: list[Receipt]) -> None:
        with seeded.database.read() as connection:
            there = connection.scalar(sa.select(sa.func.max(schema.records.c.sequence)))
        found.extend((receipt.position.upto, there or 0) for receipt in receipts)

    writer = Writer(seeded.database, deliver)
    writer.directory = seeded.directory
    chain = journal(seeded.key, 5)
    writer.take(batch(seeded.terminal, chain, 1, 5))
    writer.start()
    writer.stop()
    assert found == [(5, 5)]


class _Undone(Exception):
    pass


def test_a_commit_is_on_the_disk(database: Database) -> None:
    """A receipt promises that a power cut takes nothing back: both databases flush before they say that a commit is done."""
    if not database.is_sqlite:
        with database.write() as connection:
            # As an administrator might have it, for speed: it holds for the sessions that begin from now on.
            connection.exec_driver_sql(f"ALTER DATABASE {database.url.database} SET synchronous_commit = off")
        database.dispose()
    for _ in range(2):  # a rollback and the way through the pool change nothing
        with contextlib.suppress(_Undone), database.write() as connection:
            if database.is_sqlite:
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            else:
                assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            raise _Undone


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_commit_may_wait_for_more_than_the_disk(database: Database) -> None:
    """A server whose commits wait for a standby goes on doing so."""
    with database.write() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {database.url.database} SET synchronous_commit = remote_apply")
    database.dispose()
    with database.read() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "remote_apply"
