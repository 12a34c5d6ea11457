"""Taking records in, on SQLite and PostgreSQL: continuity, repeats, forks, gaps, unreadable slots, marks and judgement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from central import catalog, demo, incidents, marks, members, quarantine, registry, retry, schema, verify
from central.database import now
from central.errors import CentreError
from central.ingest import Batch, Intake, Receipt
from protocol.month import month_of, shifted, starts
from protocol.reasons import CODES
from protocol.record import DATE_SET, TRAINING, VOID
from tests.central import chains
from tests.central.chains import append, batch, journal
from tests.central.conftest import Seeded


def take(seeded: Seeded, *batches: Batch) -> list[Receipt]:
    """One transaction with these batches."""
    with seeded.database.write() as connection:
        return Intake(connection, seeded.database, seeded.directory).take(list(batches))


def rows(seeded: Seeded, table: sa.Table = schema.records) -> list[Any]:
    """All rows in chain order."""
    with seeded.database.read() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.epoch, table.c.sequence)))


def whole(seeded: Seeded) -> bool:
    """Whether the demo terminal's chains walk through."""
    with seeded.database.read() as connection:
        return all(row["ok"] for row in verify.terminal(connection, demo.TERMINAL))


def test_continues_in_any_portions(seeded: Seeded) -> None:
    terminal, made = seeded.terminal, journal(seeded.key, 70)
    receipts = take(seeded, batch(terminal, made, 1, 32), batch(terminal, made, 33, 64))
    assert [receipt.position.upto for receipt in receipts] == [64, 64]
    receipt = take(seeded, batch(terminal, made, 60, 70))[0]
    assert (receipt.position.upto, receipt.position.chain) == (70, made.chain)
    assert [row.sequence for row in rows(seeded)] == list(range(1, 71)) and whole(seeded)


def test_epochs_and_streams_are_chains_of_their_own(seeded: Seeded) -> None:
    terminal = seeded.terminal
    first, second = journal(seeded.key, 3), journal(seeded.key, 2, epoch=2)
    refused = journal(seeded.key, 4, "refusals", reason=CODES["not_member"])
    take(seeded, batch(terminal, second, 1, 2), batch(terminal, refused, 1, 4, "refusals"), batch(terminal, first, 1, 3))
    assert [(row.epoch, row.sequence) for row in rows(seeded)] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
    assert {row.reason for row in rows(seeded, schema.refusals)} == {CODES["not_member"]} and whole(seeded)


def test_resend_in_the_same_group_and_later(seeded: Seeded) -> None:
    terminal, made = seeded.terminal, journal(seeded.key, 10)
    same = batch(terminal, made, 1, 10)
    assert {receipt.position.upto for receipt in take(seeded, same, same)} == {10}
    assert take(seeded, batch(terminal, made, 3, 7))[0].position.upto == 10
    assert len(rows(seeded)) == 10


def test_the_constraint_alone_keeps_records_unique(seeded: Seeded) -> None:
    """Even were the intake wrong, the database refuses a second record under one number (law 2)."""
    terminal, made = seeded.terminal, journal(seeded.key, 1)
    take(seeded, batch(terminal, made, 1, 1))
    row = dict(rows(seeded)[0]._mapping)
    del row["id"]
    with pytest.raises(sa.exc.IntegrityError), seeded.database.write() as connection:
        connection.execute(schema.records.insert(), row)


def test_fork_in_content_and_in_chain(seeded: Seeded) -> None:
    terminal, made = seeded.terminal, journal(seeded.key, 5)
    take(seeded, batch(terminal, made, 1, 5))
    other = journal(seeded.key, 7, tier=1)
    assert take(seeded, batch(terminal, other, 4, 7))[0].position.chain == made.chain  # other bytes under held numbers
    assert take(seeded, batch(terminal, other, 6, 7))[0].position.upto == 5  # follows a chain that is not ours
    assert [row.slot for row in rows(seeded)] == made.slots
    with seeded.database.read() as connection:
        found = connection.execute(sa.select(schema.incidents).order_by(schema.incidents.c.id)).all()
    assert [(row.kind, row.first, row.upto) for row in found] == [("fork", 4, 7), ("fork", 6, 7)]
    assert bytes(found[0].offered) == b"".join(other.slots[3:7])
    assert bytes(found[0].held) == b"".join(made.slots[2:5]) and bytes(found[1].held) == made.slots[4]


def test_gap_is_held_back_then_taken_in_then_filled(seeded: Seeded) -> None:
    """After a restored backup the terminal has nothing earlier: the fourth offer must not go on for ever."""
    terminal, made = seeded.terminal, journal(seeded.key, 12)
    take(seeded, batch(terminal, made, 1, 3))
    late = batch(terminal, made, 8, 12)
    assert [take(seeded, late)[0].position.upto for _ in range(3)] == [3, 3, 12]
    held = rows(seeded)
    assert [row.sequence for row in held] == [1, 2, 3, 8, 9, 10, 11, 12]
    assert [bool(row.marks & marks.AFTER_GAP) for row in held] == [False] * 3 + [True] + [False] * 4
    with seeded.database.read() as connection:
        report = verify.terminal(connection, demo.TERMINAL)[0]
        assert incidents.listing(connection)[0]["state"] == "taken"
    assert report["missing"] == ["4..7"] and not report["ok"]
    # The missing ones turn up, in a flash image say.
    assert take(seeded, batch(terminal, made, 4, 9))[0].position.upto == 12
    assert len(rows(seeded)) == 12 and whole(seeded)


def test_unreadable_slot_is_kept_in_its_place_and_blocks_nothing(seeded: Seeded) -> None:
    terminal, made = seeded.terminal, journal(seeded.key, 6)
    good = made.slots[2]
    made.slots[2] = good[:40] + bytes(24)  # flash has lost the end of one record
    receipt = take(seeded, batch(terminal, made, 1, 6))[0]
    assert (receipt.position.upto, receipt.position.chain) == (6, made.chain)
    assert [row.kind for row in rows(seeded)] == [1, 1, 0, 1, 1, 1]
    with seeded.database.read() as connection:
        held = quarantine.listing(connection)
        report = verify.terminal(connection, demo.TERMINAL)[0]
    assert held[0]["reason"] == "1/3: record does not follow its chain" and held[0]["terminal"] == demo.TERMINAL
    assert report["unreadable"] == [3] and not report["broken"]
    with pytest.raises(CentreError, match="still not readable"), seeded.database.write() as connection:
        retry.entry(connection, seeded.database, held[0]["id"])


def test_alteration_of_the_database_is_found(seeded: Seeded) -> None:
    terminal, made = seeded.terminal, journal(seeded.key, 3)
    take(seeded, batch(terminal, made, 1, 3))
    table = schema.records
    with seeded.database.write() as connection:
        connection.execute(table.update().where(table.c.sequence == 2).values(price=1))
        assert verify.terminal(connection, demo.TERMINAL)[0]["altered"] == [2]
        connection.execute(table.delete().where(table.c.sequence == 3))
        assert not verify.terminal(connection, demo.TERMINAL)[0]["ok"]


def test_records_of_another_kind_or_place_are_unreadable(seeded: Seeded) -> None:
    terminal = seeded.terminal
    wrong = journal(seeded.key, 0)
    append(wrong, kind=9)
    take(seeded, batch(terminal, wrong, 1, 1))
    assert [row.kind for row in rows(seeded)] == [0]


def test_late_and_odd_records_are_taken_in_and_marked(seeded: Seeded) -> None:
    """A swapped terminal's, a closed merchant's, a gone member's, three months old: never refused for it (issue 5.7)."""
    moment = now()
    month = shifted(month_of(moment), -3)
    old = starts(month) + 86_400
    made = journal(seeded.key, 0)
    append(made, time=old)  # before the membership began
    append(made, time=moment, clock=4)
    append(made, time=moment + 5000)
    append(made, time=moment, offer=77)
    with seeded.database.write() as connection:
        registry.set_state(connection, demo.TERMINAL, "fenced", "test")
    take(seeded, batch(seeded.terminal, made, 1, 4))
    held = rows(seeded)
    assert [set(marks.names(row.marks)) for row in held] == [
        {"late", "suspended"},
        {"clock_unproved", "suspended"},
        {"ahead", "suspended"},
        {"offer_unknown", "suspended"},
    ]
    assert {row.would_have for row in held} == {CODES["terminal_suspended"]} and whole(seeded)


def test_would_have_been_refused(seeded: Seeded) -> None:
    """What the centre would have said otherwise is named; the record counts all the same."""
    moment = now()
    made = journal(seeded.key, 0)
    expected = []
    for number, reason in (
        ("13800138000", None),
        ("13600136000", "blocked"),
        ("13500135000", "not_member"),
        ("13800138000", None),
    ):
        append(made, time=moment, member=int(number))
        expected.append(CODES[reason] if reason else None)
    append(made, time=moment, member=int("13500135000"), flags=TRAINING)
    append(made, time=moment, month=0, kind=DATE_SET, member=0)
    append(made, time=moment, month=shifted(month_of(moment), -1))
    take(seeded, batch(seeded.terminal, made, 1, 7))
    assert [row.would_have for row in rows(seeded)] == [*expected, None, None, CODES["month_past"]]


def test_limit_is_judged_over_terminals_and_groups(seeded: Seeded) -> None:
    limited = demo.OFFER | {"limit": {"count": 2, "per": "day"}}
    with seeded.database.write() as connection:
        catalog.put_offer(connection, demo.MERCHANT, limited)
        key = registry.add(connection, "T0002", demo.MERCHANT, "test")
    moment = now()
    one, two = journal(seeded.key, 2, time=moment), journal(key, 2, time=moment)
    first, second = seeded.terminal, seeded.directory.terminals["T0002"]
    take(seeded, batch(first, one, 1, 1), batch(second, two, 1, 1))
    take(seeded, batch(first, one, 2, 2))
    take(seeded, batch(second, two, 2, 2))
    assert [row.would_have for row in rows(seeded)] == [None, None, CODES["limit_reached"], CODES["limit_reached"]]


def test_void_takes_back_a_redemption(seeded: Seeded) -> None:
    made = journal(seeded.key, 3)
    append(made, kind=VOID, link=2, link_epoch=1)
    append(made, kind=VOID, link=99, link_epoch=1)  # of something that never was
    take(seeded, batch(seeded.terminal, made, 1, 5))
    assert [row.voided for row in rows(seeded)] == [False, True, False, False, False]


def test_a_void_that_came_before_its_redemption_takes_it_back_all_the_same(seeded: Seeded) -> None:
    """After a gap: the redemption turns up later, in a flash image say."""
    made = journal(seeded.key, 5)
    append(made, kind=VOID, link=3, link_epoch=1)
    take(seeded, batch(seeded.terminal, made, 1, 2))
    for _ in range(3):
        take(seeded, batch(seeded.terminal, made, 5, 6))
    take(seeded, batch(seeded.terminal, made, 3, 4))
    assert [row.voided for row in rows(seeded)] == [False, False, True, False, False, False] and whole(seeded)


def test_extremes_of_every_field_are_stored(seeded: Seeded) -> None:
    made = journal(seeded.key, 0)
    append(
        made, time=0xFFFFFFFF, member=2**40 - 1, tier=255, offer=0xFFFF, offer_version=0xFFFFFFFF, list_version=0xFFFFFFFF,
        amount=0xFFFFFFFF, price=0xFFFFFFFF, link=0xFFFFFFFF, link_epoch=0xFFFF, reason=255, cashier=255, flags=255, month=0,
        kind=2,
    )  # fmt: skip
    take(seeded, batch(seeded.terminal, made, 1, 1))
    assert rows(seeded)[0].amount == 0xFFFFFFFF and whole(seeded)


def test_a_moved_terminal_keeps_its_records(seeded: Seeded) -> None:
    """A record is the merchant's under whose settings it was made, whenever it comes."""
    made = journal(seeded.key, 2, offer_version=now() - 10)
    take(seeded, batch(seeded.terminal, made, 1, 1))
    with seeded.database.write() as connection:
        catalog.put_merchant(connection, "M2", {"en": "Two"}, "wash")
        catalog.put_offer(connection, "M2", demo.OFFER | {"id": 5})
        registry.move(connection, demo.TERMINAL, "M2", "test")
        registry.move(connection, demo.TERMINAL, demo.MERCHANT, "test")  # within the same second, and …
        registry.move(connection, demo.TERMINAL, "M2", "test")  # … back
    since = [since for since, _ in seeded.terminal.postings]
    assert since == sorted(set(since)) and len(since) == 4
    append(made, offer=5, offer_version=since[-1])
    take(seeded, batch(seeded.terminal, made, 2, 3))
    assert [row.merchant for row in rows(seeded)] == [demo.MERCHANT, demo.MERCHANT, "M2"] and whole(seeded)
    assert not any(row.marks & marks.OFFER_UNKNOWN for row in rows(seeded))


def test_members_gone_since_are_judged_as_of_then(seeded: Seeded) -> None:
    moment = now()
    made = journal(seeded.key, 0)
    append(made, time=moment - 7200)
    append(made, time=moment)
    row = {"member": chains.MEMBER, "tier": 2, "active_from": 0, "active_until": moment - 3600, "blocked": False}
    with seeded.database.write() as connection:
        members.put(connection, [row])
    take(seeded, batch(seeded.terminal, made, 1, 2))
    assert [row.would_have for row in rows(seeded)] == [None, CODES["not_member"]]


def test_a_batch_of_a_wrong_first_chain_is_a_fork(seeded: Seeded) -> None:
    made = journal(seeded.key, 2)
    wrong = replace(batch(seeded.terminal, made, 1, 2), chain=bytes(16))
    assert take(seeded, wrong)[0].position.upto == 0 and not rows(seeded)
