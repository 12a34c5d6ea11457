"""Checks against the database, without a broker: boundaries in time, limits, grace; and the chain against a plain model."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from central import bookings, catalog, demo, members, reminders
from central.checks import Checks, Reader
from central.database import Database
from protocol.month import month_of, shifted, starts
from protocol.record import TRAINING, VOID
from tests.central.chains import append, batch, journal
from tests.central.conftest import Seeded
from tests.central.test_ingest import take

NUMBER = "13800138000"


class Asked:
    """Asks one check after another of a seeded centre."""

    def __init__(self, seeded: Seeded) -> None:
        self.seeded = seeded
        self.reader = Reader(seeded.database)
        self.checks = Checks(self.reader)

    def __call__(self, now: int, month: int | None = None, offer: int = 1, number: str = NUMBER) -> dict[str, Any]:
        """The verdict at ``now``."""
        fields = {
            "check": 1,
            "member": number,
            "month": month_of(now) if month is None else month,
            "sender": True,
            "offer": offer,
        }
        return self.checks.answer(self.seeded.directory, self.seeded.terminal, fields, now)


@pytest.fixture
def asked(seeded: Seeded) -> Any:
    """A centre to ask."""
    made = Asked(seeded)
    yield made
    made.reader.close()


def put(database: Database, **columns: Any) -> None:
    """The demo member with other columns."""
    row = {"member": int(NUMBER), "tier": 2, "active_from": 0, "active_until": None, "blocked": False} | columns
    with database.write() as connection:
        members.put(connection, [row])


def test_membership_to_the_second(asked: Asked) -> None:
    begin, end = starts(202611) + 1000, starts(202611) + 5000
    put(asked.seeded.database, active_from=begin, active_until=end, tier=3)
    said = [asked(moment)["reason"] for moment in (begin - 1, begin, end - 1, end)]
    assert said == ["not_member", "valid", "valid", "not_member"]


def test_month_rolls_over_at_midnight_with_grace(asked: Asked) -> None:
    turn = starts(202612)
    put(asked.seeded.database)
    assert asked(turn - 1, 202611)["reason"] == "valid" and asked(turn, 202611)["reason"] == "month_past"
    assert asked(turn - 1, 202612)["reason"] == "month_future" and asked(turn, 202612)["reason"] == "valid"
    with asked.seeded.database.write() as connection:
        catalog.set_property(connection, "grace_hours", 2, "test")
    assert asked(turn + 7199, 202611)["reason"] == "valid" and asked(turn + 7200, 202611)["reason"] == "month_past"
    # Who became a member only this month has no claim on last month's grace.
    put(asked.seeded.database, active_from=turn)
    assert asked(turn + 10, 202611)["reason"] == "not_member" and asked(turn + 10, 202612)["reason"] == "valid"
    # A trial that ended with last month is good for a claim on last month no longer than it lasted.
    put(asked.seeded.database, tier=3, active_until=turn - 10)
    assert asked(turn + 10, 202611)["reason"] == "not_member"


def test_a_number_without_an_accepted_prefix_is_no_members(asked: Asked) -> None:
    put(asked.seeded.database)
    with asked.seeded.database.write() as connection:
        catalog.set_property(connection, "prefixes", ["139"], "test")
    assert asked(starts(202611) + 5)["reason"] == "not_member", "taken in before the operator chose its prefixes"
    with asked.seeded.database.write() as connection:
        catalog.set_property(connection, "prefixes", ["139", "138"], "test")
    assert asked(starts(202611) + 5)["reason"] == "valid"


def test_limits_count_what_counts(asked: Asked) -> None:
    seeded = asked.seeded
    with seeded.database.write() as connection:
        catalog.put_offer(connection, demo.MERCHANT, demo.OFFER | {"limit": {"count": 2, "per": "day"}})
    noon = starts(202611) + 10 * 86_400 + 12 * 3600
    made = journal(seeded.key, 0)
    assert (asked(noon)["reason"], asked(noon)["used"]) == ("valid", 0)
    append(made, time=noon - 86_400, member=int(NUMBER))  # yesterday's
    append(made, time=noon, member=int(NUMBER), flags=TRAINING)
    append(made, time=noon, member=int(NUMBER), offer=2)
    append(made, time=noon, member=int(NUMBER))
    take(seeded, batch(seeded.terminal, made, 1, 4))
    assert (asked(noon)["reason"], asked(noon)["used"]) == ("valid", 1)
    append(made, time=noon, member=int(NUMBER))
    take(seeded, batch(seeded.terminal, made, 5, 5))
    assert (asked(noon)["reason"], asked(noon)["used"]) == ("limit_reached", 2)
    append(made, time=noon, kind=VOID, link=5, link_epoch=1, member=int(NUMBER))
    take(seeded, batch(seeded.terminal, made, 6, 6))
    assert asked(noon)["reason"] == "valid"
    assert asked(noon + 86_400)["used"] == 0


def test_a_pass_is_sold_once_a_month_and_used_up(asked: Asked) -> None:
    seeded = asked.seeded
    with seeded.database.write() as connection:
        catalog.put_offer(connection, demo.MERCHANT, demo.OFFER | {"discount": {"vip": {"pass": 2, "fen": 9900}}})
    noon = starts(202611) + 10 * 86_400
    made = journal(seeded.key, 0)
    for used in range(3):
        answer = asked(noon + used * 3600)
        assert (answer["reason"], answer["used"], answer["limit"]) == ("valid", used, 3)
        append(made, time=noon + used * 3600, member=int(NUMBER), price=0 if used else 9900)
        take(seeded, batch(seeded.terminal, made, used + 1, used + 1))
    assert asked(noon + 4 * 3600)["reason"] == "limit_reached"
    put(seeded.database)
    answer = asked(starts(202612) + 5)
    assert (answer["reason"], answer["used"]) == ("valid", 0), "next month's pass is a new one"


def test_what_is_booked_is_redeemed_as_often_as_booked(asked: Asked) -> None:
    seeded, begin = asked.seeded, starts(202611) + 86_400
    with seeded.database.write() as connection:
        catalog.put_offer(connection, demo.MERCHANT, demo.OFFER | {"discount": {"vip": {"fen": 5000}}, "booked": True})
    assert asked(begin)["reason"] == "not_booked"

    def book(name: str, units: int, times: tuple[int, int]) -> None:
        with seeded.database.write() as connection:
            bookings.put(connection, seeded.database, name, demo.MERCHANT, 1, int(NUMBER), units, times)

    book("a", 1, (begin, begin + 86_400))
    assert asked(begin - 1)["reason"] == "not_booked" and asked(begin + 86_400)["reason"] == "not_booked"
    assert (asked(begin)["reason"], asked(begin)["limit"]) == ("valid", 1)
    made = journal(seeded.key, 1, time=begin + 5, member=int(NUMBER))
    take(seeded, batch(seeded.terminal, made, 1, 1))
    assert (asked(begin + 10)["reason"], asked(begin + 10)["used"]) == ("limit_reached", 1)
    book("b", 1, (begin, begin + 86_400))
    assert asked(begin + 10)["reason"] == "valid"
    book("b", 0, (begin, begin + 86_400))
    assert asked(begin + 10)["reason"] == "limit_reached"


def test_reminders_come_to_merchants_whom_they_concern(asked: Asked) -> None:
    seeded, noon = asked.seeded, starts(202611) + 9 * 86_400 + 43_200  # noon on the 10th
    with seeded.database.write() as connection:
        for kind, due in (("insurance", 20261109), ("inspection", 20261110), ("maintenance", 20261117), ("seasonal", 20261118)):
            reminders.put(connection, seeded.database, int(NUMBER), kind, due)
    assert asked(noon)["due"] == {}, "a car wash need not know"
    with seeded.database.write() as connection:
        catalog.put_merchant(connection, demo.MERCHANT, demo.NAME, "maintenance")
    assert asked(noon)["due"] == {"inspection": 20261110, "maintenance": 20261117}
    assert asked(noon, number="13600136000")["due"] == {}
    with seeded.database.write() as connection:
        catalog.set_property(connection, "reminder_categories", {"inspection": ["maintenance"]}, "test")
    assert asked(noon)["due"] == {"inspection": 20261110}


def test_offer_zero_asks_about_the_member_alone(asked: Asked) -> None:
    put(asked.seeded.database)
    assert asked(starts(202611) + 5, offer=0)["reason"] == "valid"
    assert asked(starts(202611) + 5, offer=60_000)["reason"] == "not_for_tier"


def test_numbers_that_only_look_like_numbers(asked: Asked) -> None:
    for number in ("", "1" * 40, "１３８００１３８０００", "138001380OO", "13800138000\n", "-3800138000"):
        assert asked(starts(202611) + 5, number=number)["reason"] == "malformed_number", number


def test_random_members_against_a_plain_model(asked: Asked) -> None:
    """The verdict of 300 random members at random moments is what reading the rules aloud gives."""
    draw = random.Random(20261122)
    base = starts(202611)
    for _ in range(300):
        begin = base + draw.randrange(-90, 40) * 86_400
        end = draw.choice([None, begin + draw.randrange(1, 90) * 86_400])
        blocked, tier = draw.random() < 0.1, draw.choice([1, 2, 3])
        now = base + draw.randrange(0, 30 * 86_400)
        month = shifted(202611, draw.choice([0, 0, 0, 0, -1, 1]))
        put(asked.seeded.database, active_from=begin, active_until=end, blocked=blocked, tier=tier)
        if month < 202611:
            expected = "month_past"
        elif month > 202611:
            expected = "month_future"
        elif blocked:
            expected = "blocked"
        elif now < begin or (end is not None and now >= end):
            expected = "not_member"
        else:
            expected = "valid"
        assert asked(now, month)["reason"] == expected


def test_the_reader_recovers_from_a_lost_connection(asked: Asked) -> None:
    put(asked.seeded.database)
    assert asked(starts(202611) + 5)["reason"] == "valid"
    asked.reader._connection.driver_connection.close()
    with pytest.raises(Exception, match=r"closed|Cannot operate"):
        asked(starts(202611) + 5)
    assert asked(starts(202611) + 5)["reason"] == "valid"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL's planner walks tables that are small
def test_read_path_uses_its_indexes(asked: Asked) -> None:
    """Neither the member nor the uses of one are found by walking a table."""
    with asked.seeded.database.read() as connection:
        for prepared, parameters in (
            (asked.reader._member, {"member": 1}),
            (asked.reader._uses, {"member": 1, "since": 0, "merchant": "x", "offer": 1}),
        ):
            values = [(prepared._fixed | parameters)[name] for name in prepared._names or []]
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {prepared._sql}", tuple(values)).all()
            assert all("SEARCH" in row[3] and "member=?" in row[3] for row in plan), plan
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
