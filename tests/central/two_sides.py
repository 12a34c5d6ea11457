"""Both sides of one check: the centre's over its database, the terminal's over list, settings and journal of the same history.

The terminal's side is the firmware's own check, over the list file that was built from that database, the settings that were
published, and a journal with the same redemptions.
"""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from central import bookings, catalog, demo, feed, list_source, schema, timeline
from central.checks import Checks, Reader
from central.database import Database
from central.directory import Directory
from central.list_builder import build_list
from firmware.terminal.answers import Answers
from firmware.terminal.catalogue import Catalogue
from host_tools.toolchain import ROOT
from protocol.list_header import OutsideList
from protocol.member_list import MemberList
from protocol.month import in_grace, month_of, starts
from protocol.record import CLOCKS, REDEMPTION, Record
from tests.central.chains import batch, journal
from tests.central.conftest import Seeded
from tests.central.test_ingest import take

NUMBER = 13_800_138_000
KEY = b"k" * 32
TURN = starts(202612)
DAY = 86_400
HOUR = 3600
SAME_WORD = {"outside_list": "not_member"}

moments = st.one_of(
    st.integers(TURN - 40 * DAY, TURN + 40 * DAY),
    st.sampled_from([TURN - 1, TURN, TURN + 1, TURN + 12 * HOUR - 1, TURN + 12 * HOUR, starts(202701) - 1, starts(202701)]),
)
life = st.lists(
    st.tuples(st.sampled_from(list(timeline.KINDS)), moments, st.none() | st.integers(1, 60 * DAY), st.sampled_from([1, 2])),
    max_size=7,
)

Offers = Sequence[dict[str, Any]]
Booking = tuple[int, int, int, int]  # offer, units, valid from, until


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

    def __init__(self, database: Database, key: bytes, offers: Offers) -> None:
        self.database = database
        self._offers = offers
        with database.write() as connection:
            for offer in offers:
                catalog.put_offer(connection, demo.MERCHANT, offer)
        self.seeded = Seeded(database, key)
        self.directory = self.seeded.directory
        self.reader = Reader(database)

    def live(self, events: list[feed.Happening], uses: Sequence[tuple[int, int]], booked: Sequence[Booking] = ()) -> list[Record]:
        """Begin anew with this history; the redemptions as the terminal's journal has them, newest first."""
        with self.database.write() as connection:
            for table in (schema.members, schema.member_events, schema.records, schema.chains, schema.bookings):
                connection.execute(table.delete())
            feed.take(connection, self.database, "test", events)
            for place, (offer, units, begins, ends) in enumerate(booked):
                bookings.put(connection, self.database, str(place), demo.MERCHANT, offer, NUMBER, units, (begins, ends))
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
        catalogue = Catalogue({"offers": list(self._offers), "tiers": list(directory.tiers.values())})
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


@contextmanager
def opened(folder: Path, offers: Offers) -> Iterator[World]:
    """A world on SQLite; PostgreSQL answers the same statements in test_checks.py and test_feed.py."""
    ticks = SimpleNamespace(ticks_ms=lambda: int(time.monotonic() * 1000), ticks_diff=lambda a, b: a - b)
    patch = pytest.MonkeyPatch()
    patch.setattr(terminal_checks, "time", ticks)
    patch.setattr(asyncio, "sleep_ms", lambda ms: asyncio.sleep(0), raising=False)
    database = Database(f"sqlite:///{folder / 'centre.db'}")
    database.create()
    world = World(database, demo.seed(database), offers)
    yield world
    world.reader.close()
    database.dispose()
    patch.undo()


def happening(place: int, kind: str, at: int, until: int | None = None, tier: int = 2) -> feed.Happening:
    """One event of the member."""
    tiers = {"subscribe": tier, "tier": tier, "trial": 3}
    needs = kind == "trial" and until is None
    return feed.Happening(str(place), NUMBER, timeline.KINDS[kind], at, tiers.get(kind), at + DAY if needs else until)


def history(told: list[Any], month: int, now: int, grace: int) -> list[feed.Happening]:
    """The events of a drawn `life` but those that a list for ``month`` cannot know at ``now``: a block after its month."""
    graced = month < month_of(now) and in_grace(month, now, grace)
    return [
        happening(place, kind, at, at + length if length and kind in ("subscribe", "trial", "renew") else None, tier)
        for place, (kind, at, length, tier) in enumerate(told)
        if not (graced and kind in ("block", "unblock") and at >= starts(month_of(now)))
    ]
