"""Law 6 for passes and bookings: the terminal alone says what the centre says, or `online_only` where the centre alone can know.

A pass is sold once among all terminals, and what is booked stands nowhere but in the centre: there the terminal refuses, once
every rule about the member has been passed. The uses of a pass that its own journal shows as sold are its to give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from central import demo
from protocol.month import month_of, shifted, starts
from tests.central.two_sides import DAY, HOUR, TURN, Booking, World, happening, history, life, moments, opened

PASS, BOOKED, PLAIN = 1, 2, 3
TIERS = ("vip", "ordinary", "trial")
OFFERS = (
    demo.OFFER | {"id": PASS, "discount": {tier: {"pass": 2, "fen": 9_900} for tier in TIERS}},
    demo.OFFER | {"id": BOOKED, "booked": True},
    demo.OFFER | {"id": PLAIN},
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("kinds"), OFFERS) as made:
        yield made


def of_a_pass(uses: list[tuple[int, int]], now: int) -> tuple[str, str]:
    """What the rule in docs/central.md says of a member in good standing: online, and offline."""
    used = sum(offer == PASS and at >= starts(month_of(now)) for at, offer in uses)
    reason = "valid" if used < 1 + 2 else "limit_reached"
    return reason, reason if used else "online_only"


def of_a_booking(uses: list[tuple[int, int]], booked: list[Booking], now: int) -> tuple[str, str]:
    """The same of an offer that is booked ahead."""
    lasting = [(units, begins) for _, units, begins, ends in booked if units and begins <= now < ends]
    if not lasting:
        return "not_booked", "online_only"
    since = min(begins for _, begins in lasting)
    used = sum(offer == BOOKED and at >= since for at, offer in uses)
    return "valid" if used < sum(units for units, _ in lasting) else "limit_reached", "online_only"


bookings = st.builds(
    lambda units, begins, length: (BOOKED, units, begins, begins + length), st.integers(0, 3), moments, st.integers(1, 40 * DAY)
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=life, uses=st.lists(st.tuples(moments, st.integers(1, 3)), max_size=6), booked=st.lists(bookings, max_size=3),
    now=moments, back=st.sampled_from([0, 0, 0, 1, -1]), offer=st.sampled_from([PASS, BOOKED]), grace=st.sampled_from([0, 12]),
)  # fmt: skip
@example(  # sold in the last second of the month: in the new one it is sold again
    told=[("subscribe", TURN - DAY, None, 2)], uses=[(TURN - 1, PASS)], booked=[], now=TURN, back=0, offer=PASS, grace=0
)
@example(  # who is no member hears that first, not that the centre should be asked
    told=[], uses=[], booked=[(BOOKED, 1, TURN - DAY, TURN + DAY)], now=TURN, back=0, offer=BOOKED, grace=0
)
@example(  # a booking ends to the second
    told=[("subscribe", TURN - DAY, None, 1)], uses=[], booked=[(BOOKED, 1, TURN - DAY, TURN)], now=TURN, back=0, offer=BOOKED,
    grace=0,
)  # fmt: skip
def test_the_terminal_alone_refuses_what_the_centre_alone_can_know(
    world: World, told: list[Any], uses: list[tuple[int, int]], booked: list[Booking], now: int, back: int, offer: int, grace: int
) -> None:
    month = shifted(month_of(now), -back)
    records = world.live(history(told, month, now, grace), uses, booked)
    directory = replace(world.directory, properties=world.directory.properties | {"grace_hours": grace})
    standing = world.both(directory, records, month, PLAIN, now)
    expected = standing
    if standing == ("valid", "valid"):
        expected = of_a_pass(uses, now) if offer == PASS else of_a_booking(uses, booked, now)
    assert world.both(directory, records, month, offer, now) == expected


# What has been used and booked, then (offer, moment, online, offline). The member is one all along.
CASES = {
    "a pass is sold online, used anywhere, as often as it says": (
        [], [], [(PASS, TURN + DAY, "valid", "online_only")],
    ),
    "its uses are the terminal's to give": (
        [(TURN, PASS)], [], [(PASS, TURN + DAY, "valid", "valid"), (PASS, starts(202701), "valid", "online_only")],
    ),
    "until they are used up": (
        [(TURN, PASS), (TURN + 1, PASS), (TURN + 2, PASS)], [], [(PASS, TURN + DAY, "limit_reached", "limit_reached")],
    ),
    "what is booked is known online": (
        [], [(BOOKED, 1, TURN, TURN + DAY)],
        [(BOOKED, TURN - 1, "not_booked", "online_only"), (BOOKED, TURN, "valid", "online_only"),
         (BOOKED, TURN + DAY - 1, "valid", "online_only"), (BOOKED, TURN + DAY, "not_booked", "online_only")],
    ),
    "two bookings are one right to two": (
        [(TURN + HOUR, BOOKED)], [(BOOKED, 1, TURN, TURN + DAY), (BOOKED, 1, TURN + 2 * HOUR, TURN + DAY)],
        [(BOOKED, TURN + HOUR + 1, "limit_reached", "online_only"), (BOOKED, TURN + 3 * HOUR, "valid", "online_only")],
    ),
    "one that was cancelled is none": (
        [], [(BOOKED, 0, TURN, TURN + DAY)], [(BOOKED, TURN, "not_booked", "online_only")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_table_of_cases(world: World, name: str) -> None:
    uses, booked, answers = CASES[name]
    records = world.live([happening(1, "subscribe", TURN - DAY)], uses, booked)
    for offer, moment, online, offline in answers:
        assert world.both(world.directory, records, month_of(moment), offer, moment) == (online, offline), (offer, moment)


def test_a_pass_that_another_terminal_sold_is_not_known_here(world: World) -> None:
    """Its uses are in the centre, not in this journal: online they are given, alone the terminal may not tell it from a sale."""
    world.live([happening(1, "subscribe", TURN - DAY)], [(TURN, PASS)])
    assert world.both(world.directory, [], 202612, PASS, TURN + DAY) == ("valid", "online_only")
