"""Late is welcome: whatever happened since, records are taken in, flagged, and counted for the operator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from central import catalog, demo, marks, members, quarantine, registry, reports, schema, tokens
from central.database import now
from central.http.app import create_app
from central.link import Endpoint
from central.quarantine import Oddity
from central.service import Service
from host_tools import cli
from protocol import fault
from protocol.month import month_of, shifted, starts
from protocol.record import ONLINE, VOID
from tests.central.chains import MEMBER, append, batch, journal
from tests.central.conftest import Seeded
from tests.central.test_ingest import rows, take, whole

STRANGER = 13_500_135_000


def swapped(seeded: Seeded) -> None:
    """The terminal lives on other hardware now: this one's epoch is over."""
    with seeded.database.write() as connection:
        registry.fence(connection, demo.TERMINAL, 2, "test")


def suspended(seeded: Seeded) -> None:
    with seeded.database.write() as connection:
        registry.suspend(connection, demo.TERMINAL, True, "test")


def closed(seeded: Seeded) -> None:
    """The merchant has left."""
    with seeded.database.write() as connection:
        catalog.suspend_merchant(connection, demo.MERCHANT, True, "test")


def withdrawn(seeded: Seeded) -> None:
    with seeded.database.write() as connection:
        catalog.withdraw_offer(connection, demo.MERCHANT, 1, "test")


def gone(seeded: Seeded) -> None:
    """The member has unsubscribed, an hour after."""
    row = {"member": MEMBER, "tier": 2, "active_from": 0, "active_until": now() - 86_400 * 3, "blocked": False}
    with seeded.database.write() as connection:
        members.put(connection, [row])


@pytest.mark.parametrize(
    ("since", "age_days", "marked"),
    [
        (swapped, 5, {"late"}),
        (suspended, 5, {"late"}),
        (closed, 5, {"late"}),
        (withdrawn, 5, {"late"}),
        (gone, 5, {"late"}),
        (lambda _: None, 92, {"late"}),
        (swapped, 0, {"fenced"}),
        (closed, 0, {"suspended"}),
    ],
)
def test_late_is_welcome(seeded: Seeded, since: Callable[[Seeded], None], age_days: int, marked: set[str]) -> None:
    """What has happened since a redemption does not count against it; what it did in spite of it is named. All are taken in."""
    since(seeded)
    made = journal(seeded.key, 3, time=now() - age_days * 86_400 + 60)
    assert take(seeded, batch(seeded.terminal, made, 1, 3))[0].position.upto == 3
    held = rows(seeded)
    assert len(held) == 3 and whole(seeded)
    for row in held:
        assert marked <= set(marks.names(row.marks))
        assert ("suspended" in marks.names(row.marks)) == (marked == {"suspended"})
        assert row.list_version == 0 and row.received_at - row.time > age_days * 86_400 - 120


def accepted_in_spite(seeded: Seeded) -> None:
    """Two of a stranger, one of them taken back, and one of last month, at the demo merchant; one at another."""
    moment = now()
    made = journal(seeded.key, 2, member=STRANGER, time=moment - 60)
    append(made, kind=VOID, link=2, link_epoch=1, time=moment)
    append(made, time=moment, month=shifted(month_of(moment), -1), flags=ONLINE)
    append(made, time=moment)
    take(seeded, batch(seeded.terminal, made, 1, 5))
    with seeded.database.write() as connection:
        catalog.put_merchant(connection, "M2", {"en": "Two"}, "wash")
        key = registry.add(connection, "T0002", "M2", "test")
    other = journal(key, 1, member=STRANGER, time=starts(month_of(moment)))
    take(seeded, batch(seeded.directory.terminals["T0002"], other, 1, 1))


def test_what_would_have_been_refused_is_counted_by_merchant(seeded: Seeded) -> None:
    accepted_in_spite(seeded)
    with seeded.database.read() as connection:
        found = reports.would_have_refused(connection)
        assert reports.would_have_refused(connection, "M2") == [row for row in found if row["merchant"] == "M2"]
        assert not reports.would_have_refused(connection, until=1)
        assert not reports.would_have_refused(connection, since=now() + 60)
    names = ("merchant", "reason", "redemptions", "offline", "voided", "members")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("DEMO", "not_member", 2, 2, 1, 1),
        ("DEMO", "month_past", 1, 0, 0, 1),
        ("M2", "not_member", 1, 1, 0, 1),
    ]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_operator_asks_for_the_counts(seeded: Seeded, capsys: pytest.CaptureFixture[str]) -> None:
    accepted_in_spite(seeded)
    url = seeded.database.url.render_as_string(hide_password=False)
    assert cli.run(["audit", "would-have-refused", "--db", url]) == 0
    assert "month_past" in capsys.readouterr().out
    assert cli.run(["audit", "would-have-refused", "--merchant", "M2", "--json", "--db", url]) == 0
    typed = json.loads(capsys.readouterr().out)
    with seeded.database.write() as connection:
        token = tokens.make(connection, "till", "test")
    client = TestClient(create_app(Service(seeded.database, Endpoint("127.0.0.1", 1))))
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get("/would-have-refused", params={"merchant": "M2"}).json()["items"] == typed
    assert client.get("/would-have-refused", params={"since": now() + 60}).json()["items"] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_operator_reads_what_a_terminal_told_of_its_failures(seeded: Seeded, capsys: pytest.CaptureFixture[str]) -> None:
    text = b'Traceback (most recent call last):\n  File "resident.py", in hex\nMemoryError: memory allocation failed\n'
    told = Oddity.told(demo.TERMINAL, fault.encode(fault.CRASH, "MemoryError", len(text), text), now())
    with seeded.database.write() as connection:
        quarantine.keep(connection, seeded.database, [told, told])
        table = schema.terminals
        connection.execute(table.update().where(table.c.id == demo.TERMINAL).values(board="esp32-devkit-4mb"))
    url = seeded.database.url.render_as_string(hide_password=False)

    def said(*arguments: str) -> str:
        assert cli.run(["logs", "--terminal", *arguments, "--db", url]) == 0
        return capsys.readouterr().out

    assert "2 times (held)" in said(demo.TERMINAL) and "MemoryError: memory allocation failed" in said(demo.TERMINAL)
    row: dict[str, Any] = json.loads(said(demo.TERMINAL, "--json", "--raw"))[0]
    assert (row["text"], row["seen"], row["board"]) == (text.decode(), 2, "esp32-devkit-4mb")
    with seeded.database.write() as connection:
        registry.add(connection, "T0002", demo.MERCHANT, "test")
    assert "no failure" in said("T0002")
    assert cli.run(["logs", "--terminal", "T9", "--db", url]) == 1
