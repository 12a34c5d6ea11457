"""Law 6: the terminal alone and the centre say the same of the same member, month and moment, whatever has happened before.

The centre's side is its check over the database. The terminal's is the firmware's own check, over the list file that was built
from that database, the settings that were published, and a journal with the same redemptions. What a list cannot know is left
out of the histories: a block after the month it is for. `outside_list` is the terminal's word for numbers the operator does not
accept; the centre says `not_member`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from central import catalog, demo, feed, list_source, schema, timeline
from central.checks import Checks, Reader
from central.database import Database
from central.directory import Directory
from central.list_builder import build_list
from firmware.terminal.answers import Answers
from firmware.terminal.catalogue import Catalogue
from host_tools.toolchain import ROOT
from protocol.list_header import OutsideList
from protocol.member_list import MemberList
from protocol.month import in_grace, month_of, shifted, starts, unix
from protocol.record import CLOCKS, REDEMPTION, Record
from tests.central.chains import batch, journal
from tests.central.conftest import Seeded
from tests.central.test_ingest import take

NUMBER = 13_800_138_000
KEY = b"k" * 32
TURN = starts(202612)
DAY = 86_400
HOUR = 3600
OFFERS = (
    demo.OFFER,
    demo.OFFER | {"id": 2, "limit": {"count": 1, "per": "day"}},
    demo.OFFER | {"id": 3, "limit": {"count": 2, "per": "month"}, "discount": {"vip": {"percent": 20}}},
)
SAME_WORD = {"outside_list": "not_member"}


def _terminals_own_check() -> ModuleType:
    """The firmware's module, loaded once more: the desk's tests put something else into the one that others import."""
    spec = importlib.util.spec_from_file_location("terminal_checks", ROOT / "firmware" / "terminal" / "checks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


terminal_checks = _terminals_own_check()


class File:
    """A list partition that holds one file."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        """As `esp32.Partition` has it."""
        at = block * 4096 + offset
        found = self._content[at : at + len(buf)]
        buf[: len(found)] = found


class Lists:
    """What the terminal's check asks of its lists, over one list file."""

    def __init__(self, members: MemberList) -> None:
        self._members = members

    def look_up(self, month: int, number: int) -> tuple[str | None, bool, int | None, int]:
        """As `ListCache.find` gives it."""
        assert month == self._members.header.month
        try:
            found = self._members.lookup(number)
        except OutsideList:
            return None, True, None, 0
        return (None, False, *found) if found else (None, False, None, 0)

    def state(self, month: int, now: int) -> tuple[int, int, int]:
        """As `ListCache.state`, of a list that is current."""
        return 1, 0, 1

    def is_past(self, stage: str, age: int, tier: str | None = None) -> bool:
        """A current list is past nothing."""
        return False


class World:
    """One database, emptied for each history, and both sides of a check."""

    def __init__(self, database: Database, key: bytes) -> None:
        self.database = database
        with database.write() as connection:
            for offer in OFFERS:
                catalog.put_offer(connection, demo.MERCHANT, offer)
        self.seeded = Seeded(database, key)
        self.directory = self.seeded.directory
        self.reader = Reader(database)

    def live(self, events: list[feed.Happening], uses: list[tuple[int, int]]) -> list[Record]:
        """Begin anew with this history; the redemptions as the terminal's journal has them, newest first."""
        with self.database.write() as connection:
            for table in (schema.members, schema.member_events, schema.records, schema.chains):
                connection.execute(table.delete())
            feed.take(connection, self.database, "test", events)
        made = journal(self.seeded.key, 0)
        for moment, offer in uses:
            made.append(time=moment, month=202611, member=NUMBER, tier=2, offer=offer)
        if uses:
            take(self.seeded, batch(self.seeded.terminal, made, 1, len(uses)))
        blank = dict.fromkeys(Record._fields, 0) | {"kind": REDEMPTION, "epoch": 1, "member": NUMBER}
        return [Record(**blank | {"sequence": at, "time": moment, "offer": offer}) for at, (moment, offer) in enumerate(uses, 1)][
            ::-1
        ]

    def both(
        self, directory: Directory, records: list[Record], month: int, offer: int, now: int, listed_at: int = 0
    ) -> tuple[str, str]:
        """What the centre says, and what the terminal says alone, with a list of now or of ``listed_at``."""
        terminal = directory.terminals[demo.TERMINAL]
        asked = {"check": 1, "member": str(NUMBER), "month": month, "sender": True, "offer": offer}
        online = Checks(self.reader).answer(directory, terminal, asked, now)["reason"]
        return online, asyncio.run(self._offline(directory, records, month, offer, now, listed_at or now))

    async def _offline(
        self, directory: Directory, records: list[Record], month: int, offer_id: int, now: int, listed_at: int
    ) -> str:
        prefixes = tuple(directory.properties["prefixes"])
        members = list_source.read(self.database, month, listed_at, prefixes)
        content = build_list(members.numbers, members.classes, members.facts(month, 1), KEY)
        catalogue = Catalogue({"offers": list(OFFERS), "tiers": list(directory.tiers.values())})
        terminal = SimpleNamespace(
            settings=SimpleNamespace(grace_hours=directory.grace_hours, suspended=False),
            answers=Answers(lambda _: None),
            screens=SimpleNamespace(training=None),
            clock=SimpleNamespace(now=lambda: now, source=CLOCKS.index("centre")),
            courier=SimpleNamespace(send=lambda name, body: False),
            lists=Lists(MemberList(File(content), KEY)),
            journal=SimpleNamespace(find=lambda member, since: iter([r for r in records if r.time >= since])),
        )
        found = terminal.lists.look_up(month, NUMBER)
        verdict = await terminal_checks.check(terminal, str(NUMBER), True, month, catalogue.offer(offer_id), catalogue, found)
        reason: str = verdict.reason
        return reason


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world on SQLite; PostgreSQL answers the same statements in test_checks.py and test_feed.py."""
    ticks = SimpleNamespace(ticks_ms=lambda: int(time.monotonic() * 1000), ticks_diff=lambda a, b: a - b)
    patch = pytest.MonkeyPatch()
    patch.setattr(terminal_checks, "time", ticks)
    patch.setattr(asyncio, "sleep_ms", lambda ms: asyncio.sleep(0), raising=False)
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('same') / 'centre.db'}")
    database.create()
    made = World(database, demo.seed(database))
    yield made
    made.reader.close()
    database.dispose()
    patch.undo()


def happening(place: int, kind: str, at: int, until: int | None = None, tier: int = 2) -> feed.Happening:
    """One event of the member."""
    tiers = {"subscribe": tier, "tier": tier, "trial": 3}
    needs = kind == "trial" and until is None
    return feed.Happening(str(place), NUMBER, timeline.KINDS[kind], at, tiers.get(kind), at + DAY if needs else until)


moments = st.one_of(
    st.integers(TURN - 40 * DAY, TURN + 40 * DAY),
    st.sampled_from([TURN - 1, TURN, TURN + 1, TURN + 12 * HOUR - 1, TURN + 12 * HOUR, starts(202701) - 1, starts(202701)]),
)
life = st.lists(
    st.tuples(st.sampled_from(list(timeline.KINDS)), moments, st.none() | st.integers(1, 60 * DAY), st.sampled_from([1, 2])),
    max_size=7,
)
prefix_sets = st.sampled_from([(), ("138",), ("139", "13800"), ("139",)])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=life, uses=st.lists(st.tuples(moments, st.integers(1, 3)), max_size=4), now=moments,
    back=st.sampled_from([0, 0, 0, 1, -1]), offer=st.integers(1, 3),
    grace=st.sampled_from([0, 12, 72]), prefixes=prefix_sets, near=st.booleans(),
)  # fmt: skip
@example(  # a trial ends with the month, the claim comes in grace
    told=[("trial", TURN - DAY, DAY, 1)], uses=[], now=TURN + 1, back=1, offer=1, grace=12, prefixes=(), near=False
)
@example(  # the tier changes with the month: in grace the old one still counts, and with it what it is not served
    told=[("subscribe", TURN - DAY, None, 2), ("tier", TURN, None, 1)], uses=[], now=TURN + 1, back=1, offer=3, grace=12,
    prefixes=(), near=False,
)  # fmt: skip
def test_the_terminal_alone_says_what_the_centre_says(
    world: World, told: list[Any], uses: list[tuple[int, int]], now: int, back: int, offer: int, grace: int,
    prefixes: tuple[str, ...], near: bool,
) -> None:  # fmt: skip
    if near and told:  # the boundaries that a history itself has
        now = told[0][1] + (told[0][2] or 0) + back
    month = shifted(month_of(now), -back)
    graced = month < month_of(now) and in_grace(month, now, grace)
    events = [
        happening(place, kind, at, at + length if length and kind in ("subscribe", "trial", "renew") else None, tier)
        for place, (kind, at, length, tier) in enumerate(told)
        if not (graced and kind in ("block", "unblock") and at >= starts(month_of(now)))
    ]
    records = world.live(events, uses)
    directory = replace(
        world.directory, properties=world.directory.properties | {"grace_hours": grace, "prefixes": list(prefixes)}
    )
    online, offline = world.both(directory, records, month, offer, now)
    assert SAME_WORD.get(offline, offline) == online


# What is told of the member, the grace, then (month claimed, moment, verdict). November's last second is TURN - 1.
CASES = {
    "the month turns at midnight": (
        [("subscribe", TURN - DAY, None)], 0,
        [(202611, TURN - 1, "valid"), (202611, TURN, "month_past"), (202612, TURN - 1, "month_future"), (202612, TURN, "valid")],
    ),
    "grace ends to the second": (
        [("subscribe", TURN - DAY, None)], 12,
        [(202611, TURN + 12 * HOUR - 1, "valid"), (202611, TURN + 12 * HOUR, "month_past"), (202610, TURN, "month_past")],
    ),
    "a trial ends inside the month": (
        [("trial", TURN - 5 * DAY, TURN - DAY)], 0,
        [(202611, TURN - DAY - 1, "valid"), (202611, TURN - DAY, "not_member")],
    ),
    "a trial that ends with the month is good in its grace": (
        [("trial", TURN - 5 * DAY, TURN)], 12,
        [(202611, TURN - 1, "valid"), (202611, TURN + 1, "valid"), (202612, TURN + 1, "not_member")],
    ),
    "a trial that ended before is not": (
        [("trial", TURN - 5 * DAY, TURN - 1)], 12, [(202611, TURN - 1, "not_member"), (202611, TURN + 1, "not_member")],
    ),
    "who subscribed in the new month has no old one": (
        [("subscribe", TURN, None)], 12, [(202611, TURN + 1, "not_member"), (202612, TURN + 1, "valid")],
    ),
    "who unsubscribed in the new month had the old one": (
        [("subscribe", TURN - DAY, None), ("unsubscribe", TURN, None)], 12,
        [(202611, TURN + 1, "valid"), (202612, TURN + 1, "not_member")],
    ),
    "a renewal carries over the turn": (
        [("subscribe", TURN - DAY, TURN), ("renew", TURN - HOUR, starts(202701))], 0,
        [(202612, TURN, "valid"), (202612, starts(202701) - 1, "valid"), (202701, starts(202701), "not_member")],
    ),
    "the clock jumps a month ahead and back": (
        [("subscribe", TURN - DAY, starts(202701))], 0,
        [(202612, TURN + DAY, "valid"), (202701, unix(2027, 1, 5), "not_member"), (202612, TURN + DAY, "valid")],
    ),
    "blocked and let go": (
        [("subscribe", TURN - 5 * DAY, None), ("block", TURN - 3 * DAY, None), ("unblock", TURN - DAY, None)], 0,
        [(202611, TURN - 3 * DAY - 1, "valid"), (202611, TURN - 2 * DAY, "blocked"), (202611, TURN - DAY, "valid")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_table_of_cases(world: World, name: str) -> None:
    told, grace, answers = CASES[name]
    world.live([happening(place, kind, at, until) for place, (kind, at, until) in enumerate(told)], [])
    directory = replace(world.directory, properties=world.directory.properties | {"grace_hours": grace})
    for month, moment, reason in answers:
        assert world.both(directory, [], month, 1, moment) == (reason, reason), (month, moment)


def test_the_comparison_sees_a_difference(world: World) -> None:
    """With a list of yesterday the terminal says what was true yesterday."""
    world.live([happening(1, "subscribe", TURN - DAY)], [])
    assert world.both(world.directory, [], 202611, 1, TURN - 1, listed_at=TURN - DAY - 1) == ("valid", "not_member")
