"""Law 6: the terminal alone and the centre say the same of the same member, month and moment, whatever has happened before.

`outside_list` is the terminal's word for numbers the operator does not accept; the centre says `not_member`. Passes and bookings,
of which the centre knows more, are in test_same_verdict_by_kind.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from central import demo
from protocol.month import month_of, shifted, starts, unix
from tests.central.two_sides import DAY, HOUR, SAME_WORD, TURN, World, happening, history, life, moments, opened

OFFERS = (
    demo.OFFER,
    demo.OFFER | {"id": 2, "limit": {"count": 1, "per": "day"}},
    demo.OFFER | {"id": 3, "limit": {"count": 2, "per": "month"}, "discount": {"vip": {"percent": 20}}},
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("same"), OFFERS) as made:
        yield made


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
    records = world.live(history(told, month, now, grace), uses)
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
