"""Quarantine keeps what a person must see and stays bounded in a flood; retry puts to use what can be used."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

from central import demo, quarantine, registry, retry, schema
from central.database import Database, now
from central.errors import CentreError
from central.quarantine import KEEP_BYTES, PER_SOURCE_A_DAY, Gate, Oddity
from protocol import fault, messages, topics
from tests.central.chains import journal
from tests.central.conftest import Seeded
from tests.wire_terminal import WireJournal

TOPIC = topics.up("T0009", "records")


def keep(database: Database, *oddities: Oddity) -> None:
    """Put these into quarantine."""
    with database.write() as connection:
        quarantine.keep(connection, database, list(oddities))


def listing(database: Database) -> list[dict[str, object]]:
    """All entries."""
    with database.read() as connection:
        return quarantine.listing(connection)


def test_a_megabyte_is_kept_as_its_beginning(seeded: Seeded) -> None:
    content = os.urandom(1_000_000)
    keep(seeded.database, Oddity.of(now(), "x" * 500, "junk" * 100, content))
    entry = listing(seeded.database)[0]
    assert entry["length"] == 1_000_000
    with seeded.database.read() as connection:
        assert quarantine.entry(connection, int(str(entry["id"])))["bytes"] == content[:KEEP_BYTES]


def test_the_same_again_is_counted(seeded: Seeded) -> None:
    keep(seeded.database, *[Oddity.of(now(), "a", "junk", b"same")] * 30)
    assert [entry["seen"] for entry in listing(seeded.database)] == [30]


def test_a_flood_is_bounded_and_counted(seeded: Seeded) -> None:
    keep(seeded.database, *[Oddity.of(now(), "a", "junk", os.urandom(100)) for _ in range(PER_SOURCE_A_DAY + 30)])
    entries = listing(seeded.database)
    assert len([entry for entry in entries if entry["id"]]) == PER_SOURCE_A_DAY
    assert [(entry["seen"], entry["length"]) for entry in entries if not entry["id"]] == [(30, 3000)]
    # A genuine one is kept whatever the flood.
    keep(seeded.database, Oddity.of(now(), "a", "genuine", b"mine", demo.TERMINAL))
    assert any(entry["reason"] == "genuine" for entry in listing(seeded.database))


def test_what_a_terminal_tells_is_bounded_too(seeded: Seeded) -> None:
    """Anyone may send a terminal junk, and it tells of each: so much a source and day is kept."""
    told = [Oddity.told(demo.TERMINAL, fault.encode("settings", "why", 50, os.urandom(50)), now()) for _ in range(60)]
    keep(seeded.database, *told, Oddity.told(demo.TERMINAL, fault.encode("receipt", "why", 3, b"abc"), now()))
    entries = listing(seeded.database)
    assert len([entry for entry in entries if entry["id"]]) == PER_SOURCE_A_DAY + 1
    assert [entry["seen"] for entry in entries if not entry["id"]] == [60 - PER_SOURCE_A_DAY]


def test_retry_of_what_a_terminal_set_aside(seeded: Seeded) -> None:
    """Once it reads there is nothing to be done: the terminal gets it again. A failure's text is no message."""
    topic = topics.down(demo.TERMINAL, "receipt")
    genuine = messages.tagged(seeded.terminal.keys.message, topic, messages.encode("receipt", epoch=1, upto=1, chain="00" * 16))
    keep(seeded.database, Oddity.told(demo.TERMINAL, fault.encode("receipt", "why", len(genuine), genuine), now()))
    keep(seeded.database, Oddity.told(demo.TERMINAL, fault.encode(fault.CRASH, "KeyError", 9, b"KeyError:"), now()))
    crash, receipt = [int(str(entry["id"])) for entry in listing(seeded.database)]
    with seeded.database.write() as connection:
        assert "reads as a receipt now; the terminal is sent it anew" in retry.entry(connection, seeded.database, receipt)
        with pytest.raises(CentreError, match="text of a failure"):
            retry.entry(connection, seeded.database, crash)


def test_the_gate_counts_before_anything_is_written(seeded: Seeded) -> None:
    gate = Gate()
    moment = now() // 60 * 60
    assert sum(gate.admits("a", 10, moment) for _ in range(500)) == PER_SOURCE_A_DAY
    assert gate.admits("a", 10, moment + 60), "the next minute is looked at again: another kind of junk may have come"
    admitted = sum(gate.admits(f"topic {at}", 10, moment + 60) for at in range(5000))
    assert admitted < 250, "topics are free to invent"
    with seeded.database.write() as connection:
        quarantine.keep(connection, seeded.database, [Oddity.of(moment, "a", "junk", b"x")])
        quarantine.count(connection, seeded.database, gate.take())
    counted = {entry["source"]: entry["seen"] for entry in listing(seeded.database) if not entry["id"]}
    assert counted == {"a": 450, quarantine.OTHERS: 5000 - admitted} and not gate.take()


def test_retry_after_the_terminal_was_registered(seeded: Seeded) -> None:
    key = os.urandom(32)
    made: WireJournal = journal(key, 3)
    body = made.batch()
    assert body
    from protocol.keys import derive

    keep(seeded.database, Oddity.of(now(), TOPIC, "unknown terminal", messages.tagged(derive(key, b"message"), TOPIC, body)))
    number = int(str(listing(seeded.database)[0]["id"]))
    with pytest.raises(CentreError, match="not registered"), seeded.database.write() as connection:
        retry.entry(connection, seeded.database, number)
    with seeded.database.write() as connection:
        registry.add(connection, "T0009", demo.MERCHANT, "test", key)
        assert retry.entry(connection, seeded.database, number).startswith("3 records taken in")
        assert retry.entry(connection, seeded.database, number).startswith("3 records taken in"), "again is harmless"
    table = schema.records
    with seeded.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(table.c.terminal == "T0009")) == 3
    assert listing(seeded.database)[0]["state"] == "retried"


def test_retry_of_what_stays_unusable(seeded: Seeded) -> None:
    keep(seeded.database, Oddity.of(now(), topics.up(demo.TERMINAL, "check"), "tag does not match", b"x" * 50))
    keep(seeded.database, Oddity.of(now(), "elsewhere", "unknown topic", b"x" * 5000))
    for entry in listing(seeded.database):
        with pytest.raises(CentreError), seeded.database.write() as connection:
            retry.entry(connection, seeded.database, int(str(entry["id"])))
    assert {entry["state"] for entry in listing(seeded.database)} == {"held"}
