"""The feed of members' events: each once, in any order; and what a member's life comes to."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from central import catalog, csv_import, feed, members, quarantine, retry, schema, timeline
from central.database import Database
from central.errors import CentreError
from protocol.month import starts, unix
from protocol.tiers import BLOCKED
from tests.central.conftest import Seeded

NUMBER = 13_312_345_678
DAY = 86_400
NOV = starts(202611)
HEADER = "event_id,time,member_id,event,tier,until\n"
ORDINARY, VIP, TRIAL = 1, 2, 3


def happening(event: str, kind: str, at: int, tier: int | None = None, until: int | None = None) -> feed.Happening:
    """One event of the member these tests are about."""
    return feed.Happening(event, NUMBER, timeline.KINDS[kind], at, tier, until)


def take(database: Database, *happenings: feed.Happening) -> feed.Taken:
    """Take events in."""
    with database.write() as connection:
        return feed.take(connection, database, "test", list(happenings))


def spans(database: Database) -> tuple[timeline.Span, ...]:
    """What is held of the member."""
    with database.read() as connection:
        return members.as_spans(members.by_number(connection, [NUMBER]).get(NUMBER, ()))


def standing(database: Database, moment: int) -> tuple[int | None, int]:
    """What the member is at a moment."""
    return timeline.standing(spans(database), moment, moment)


def test_a_life(seeded: Seeded) -> None:
    database = seeded.database
    life = [
        happening("1", "trial", NOV, TRIAL, NOV + 10 * DAY),
        happening("2", "subscribe", NOV + 5 * DAY, ORDINARY, starts(202612)),
        happening("3", "renew", NOV + 29 * DAY, None, starts(202701)),
        happening("4", "tier", NOV + 35 * DAY, VIP),
        happening("5", "block", NOV + 40 * DAY),
        happening("6", "unblock", NOV + 41 * DAY),
        happening("7", "unsubscribe", NOV + 50 * DAY),
        happening("8", "trial", NOV + 60 * DAY, TRIAL, NOV + 70 * DAY),
    ]
    expected = {
        NOV - 1: (None, 0),
        NOV: (TRIAL, NOV + 10 * DAY),
        NOV + 5 * DAY: (ORDINARY, starts(202701)),
        NOV + 35 * DAY - 1: (ORDINARY, starts(202701)),
        NOV + 35 * DAY: (VIP, NOV + 50 * DAY),
        NOV + 40 * DAY: (BLOCKED, 0),
        NOV + 41 * DAY: (VIP, NOV + 50 * DAY),
        NOV + 65 * DAY: (TRIAL, NOV + 70 * DAY),
    }
    assert take(database, *life) == (8, 0, [])
    assert {moment: standing(database, moment) for moment in expected} == expected
    before = spans(database)
    assert take(database, *life) == (0, 8, [])
    assert spans(database) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_order_in_which_events_come_does_not_matter(seeded: Seeded) -> None:
    """300 random lives, each told once in order, once shuffled and in two parts."""
    draw = random.Random(20261122)
    for _ in range(300):
        life = []
        moments = draw.sample(range(90), draw.randrange(1, 9))
        for place, day in enumerate(sorted(moments)):
            kind = draw.choice(list(timeline.KINDS))
            at = NOV + day * DAY + draw.randrange(DAY)
            tier = draw.choice([ORDINARY, VIP]) if kind in ("subscribe", "tier") else TRIAL if kind == "trial" else None
            until = at + draw.randrange(1, 40 * DAY) if kind == "trial" or draw.random() < 0.3 else None
            life.append(timeline.Event(place, timeline.KINDS[kind], at, tier, until))
        shuffled = [event._replace(id=place) for place, event in enumerate(draw.sample(life, len(life)))]
        assert timeline.spans(shuffled) == timeline.spans(life), life


def test_a_trial_never_ends_what_is_paid_for(seeded: Seeded) -> None:
    take(seeded.database, happening("1", "subscribe", NOV, VIP), happening("2", "trial", NOV + DAY, TRIAL, NOV + 2 * DAY))
    assert standing(seeded.database, NOV + 3 * DAY) == (VIP, 0)


def test_renewal_reaches_at_least_to_the_end_of_its_month(seeded: Seeded) -> None:
    take(seeded.database, happening("1", "subscribe", NOV, VIP, starts(202612)), happening("2", "renew", unix(2026, 12, 3)))
    assert standing(seeded.database, unix(2026, 12, 2))[1] == starts(202612), "nobody paid for the first two days"
    assert standing(seeded.database, unix(2026, 12, 3)) == (VIP, starts(202701))


def test_what_is_put_in_by_hand_outweighs_what_came_before(seeded: Seeded) -> None:
    database = seeded.database
    take(database, happening("1", "subscribe", NOV, VIP), happening("2", "block", NOV + DAY))
    with database.write() as connection:
        row = {"member": NUMBER, "tier": ORDINARY, "active_from": NOV, "active_until": None, "blocked": False}
        assert (members.put(connection, [row]), members.put(connection, [row])) == (1, 0)
    assert standing(database, NOV + 2 * DAY) == (ORDINARY, 0)
    take(database, happening("3", "block", NOV + 3 * DAY))
    assert standing(database, NOV + 4 * DAY) == (BLOCKED, 0)
    with database.read() as connection:
        assert [row["event"] for row in feed.history(connection, NUMBER)] == ["subscribe", "block", "state", "block"]


def test_an_event_is_not_overwritten(seeded: Seeded) -> None:
    database = seeded.database
    first = happening("1", "subscribe", NOV, VIP)
    assert take(database, first, first, first._replace(tier=ORDINARY)) == (1, 1, [2])
    assert take(database, first._replace(at=NOV + 1)) == (0, 0, [0])
    assert standing(database, NOV) == (VIP, 0)


def test_a_row_that_was_set_aside_can_be_tried_again(seeded: Seeded) -> None:
    database = seeded.database
    with database.write() as connection:
        catalog.set_property(connection, "prefixes", ["139"], "test")
        row = {"event_id": "1", "time": "2026-11-01", "member_id": str(NUMBER), "event": "subscribe", "tier": "vip"}
        assert feed.take_rows(connection, database, "web", [row])["new"] == 0
    with pytest.raises(CentreError, match="no number of ours"), database.write() as connection:
        retry.entry(connection, database, 1)
    with database.write() as connection:
        catalog.set_property(connection, "prefixes", [], "test")
        assert retry.entry(connection, database, 1) == "the event is taken in"
        assert quarantine.entry(connection, 1)["state"] == "retried"
    assert standing(database, NOV) == (VIP, 0)


def test_the_list_of_a_month_holds_what_holds_in_it(seeded: Seeded) -> None:
    database = seeded.database
    turn = starts(202612)
    take(
        database, happening("1", "subscribe", NOV, ORDINARY), happening("2", "tier", turn, VIP),
        happening("3", "block", turn + 3 * DAY),
    )  # fmt: skip

    def listed(month: int, moment: int) -> list[tuple[Any, ...]]:
        with database.read() as connection:
            end = starts(month + 1)
            found = members.in_month(connection, starts(month), end, moment)
            return [(row.tier, bool(row.blocked)) for row in found if row.member == NUMBER]

    assert listed(202611, turn - DAY) == [(ORDINARY, False)]
    assert listed(202612, turn - DAY) == [(VIP, False)], "next month's list knows next month's tier"
    assert listed(202612, turn + 4 * DAY) == [(VIP, True)]


def test_good_rows_in_bad_rows_by_line(seeded: Seeded, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    rows = (
        "1,2026-11-01,13312345678,subscribe,vip,",
        "2,2026-11-01,13312345679,subscribe,gold,",
        '3,2026-11-02,"13312345670,subscribe,vip,',
        "4,2026-11-02,13312345671,marry,,",
        "5,2026-11-03,13312345672,trial,,",
        "6,2026-11-03,13312345672,trial,,2026-11-02",
        "1,2026-11-01,13312345678,subscribe,vip,",
        "1,2026-11-09,13312345678,subscribe,vip,",
        "7,,13312345678,block,,",
        "8,2026-11-05,12312345678,block,,",
        "9,2026-11-05,13312345678,block,,2026-12-01",
        "",
        "10,2026-11-05T08:00,13312345678,tier,ordinary,",
    )
    path.write_bytes((HEADER + "\n".join(rows) + "\n").encode() + b"11,2026-11-05,133\xff2345678,block,,\n")
    report = csv_import.import_events(seeded.database, path, "carrier", "test")
    assert (report.rows, report.changed) == (13, 2)
    assert [line for line, _, _ in report.bad] == [3, 4, 5, 6, 7, 9, 10, 11, 12, 15]
    assert not any("133123" in reason for _, reason, _ in report.bad)
    assert standing(seeded.database, unix(2026, 11, 5, 8)) == (ORDINARY, 0)
    kept = tmp_path / "feed.rejected.csv"
    csv_import.write_rejects(kept, report, path)
    assert kept.read_bytes().count(b"\n") == 11 and b"133\xff2345678" in kept.read_bytes()
    again = csv_import.import_events(seeded.database, path, "carrier", "test")
    assert again.changed == 0 and [line for line, _, _ in again.bad] == [line for line, _, _ in report.bad]
    with seeded.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.member_events).where(
            schema.member_events.c.source == "carrier")) == 2  # fmt: skip
