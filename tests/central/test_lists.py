"""Publication of lists: a base, then deltas, then a new base; nothing when nothing has changed; next month's ahead of the 1st."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256
from typing import Any

import pytest

from central import demo, list_press, members
from central.lists import Lists
from protocol import messages
from protocol.member_list import MemberList
from protocol.month import month_of, starts
from tests.central.conftest import Seeded

FIRST = 13_300_000_000


class Flash:
    """A list file and its delta as a terminal's partition would hold them."""

    def __init__(self, *files: bytes) -> None:
        self.starts = []
        self._content = b""
        for file in files:
            self.starts.append(len(self._content))
            self._content += file + b"\xff" * (-len(file) % 4096)
        self._content += b"\xff" * 8192

    def readblocks(self, block: int, buffer: bytearray, offset: int) -> None:
        """Part of the partition interface."""
        at = block * 4096 + offset
        buffer[:] = self._content[at : at + len(buffer)]


def put(seeded: Seeded, count: int, tier: int = 1) -> None:
    """Members in a row of numbers."""
    rows = [
        {"member": FIRST + at * 7, "tier": tier, "active_from": 0, "active_until": None, "blocked": False} for at in range(count)
    ]
    with seeded.database.write() as connection:
        members.put(connection, rows)


def refresh(lists: Lists, seeded: Seeded) -> list[dict[str, Any]]:
    """Build what is not up to date; the offers."""
    asyncio.run(lists.refresh(seeded.directory))
    return [messages.decode("list", body) for body in lists.bodies()]


@pytest.fixture(autouse=True)
def _this_month_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_press, "AHEAD_S", 0)


def test_base_then_delta_then_base(seeded: Seeded) -> None:
    put(seeded, 5000)
    lists = Lists(seeded.database)
    (base,) = refresh(lists, seeded)
    assert (base["kind"], base["base"], base["list"]) == ("base", 0, month_of(int(time.time())))
    assert refresh(lists, seeded) == [base], "nothing has changed"
    put(seeded, 20, tier=2)
    again, delta = refresh(lists, seeded)
    assert again == base and (delta["kind"], delta["base"]) == ("delta", base["version"]) and delta["version"] > base["version"]
    files = []
    for offer in (base, delta):
        content = lists.content(offer["list"], offer["version"])
        assert content is not None and sha256(content).hexdigest() == offer["sha256"] and len(content) == offer["bytes"]
        files.append(content)
    flash = Flash(*files)
    held = MemberList(flash, lists.keys[base["list"]])
    assert held.lookup(FIRST)[0] == 1
    held.extend(flash.starts[1])
    assert held.lookup(FIRST)[0] == 2 and held.lookup(FIRST + 7 * 30)[0] == 1 and held.lookup(int(demo.NOT_A_MEMBER)) is None
    put(seeded, 8000)
    (new,) = refresh(lists, seeded)
    assert new["kind"] == "base" and new["version"] > delta["version"], "a delta that big is no saving"
    assert lists.chunk(base["list"], base["version"], 10, 20) == files[0][10:30], "a slow terminal may still be fetching it"
    assert lists.chunk(base["list"], base["version"], base["bytes"], 20) is None
    assert lists.chunk(base["list"], 1, 0, 20) is None


def test_another_centre_goes_on_from_the_database(seeded: Seeded) -> None:
    first = refresh(Lists(seeded.database), seeded)
    lists = Lists(seeded.database)
    lists.load()
    assert [messages.decode("list", body) for body in lists.bodies()] == first
    assert refresh(lists, seeded) == first and set(lists.keys) == {first[0]["list"]}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_many_members_are_pressed_in_another_process(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_press, "ALONE_FROM", 1)

    def here(_: object) -> None:
        raise AssertionError("built in this process")

    monkeypatch.setattr(list_press, "press", here)
    assert refresh(Lists(seeded.database), seeded)[0]["kind"] == "base"


def test_next_month_is_out_ahead_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_press, "AHEAD_S", 3 * 86_400)
    turn = starts(202612)
    assert list_press.wanted(turn - 3 * 86_400 - 1) == (202611,)
    assert list_press.wanted(turn - 3 * 86_400) == (202611, 202612)
    assert list_press.wanted(turn) == (202612,)
