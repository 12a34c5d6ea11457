"""The main way: a check answered online, a redemption, its record at the centre, its receipt back at the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

from host_tools.stand import screens
from protocol.member import masked
from protocol.month import month_of
from protocol.record import AGAIN, CLOCKS, ONLINE, REDEMPTION
from tests.end_to_end.conftest import Counter
from tests.end_to_end.shop import Shop, tier_code

Open = Callable[..., Counter]


def test_redemption_is_at_the_centre_once_and_receipted(shop: Shop, counter: Open) -> None:
    member, at = shop.member(), counter()
    before = int(time.time())
    shown = at.cashier.check(member)
    assert shown.reason == "valid"
    assert shown.rows == screens.screen("valid", tier="VIP", percent=20, path="")
    assert at.bench.leds == {"green": True, "red": False}
    assert at.cashier.redeem() == 1
    assert at.bench.lcd == screens.screen("saved", sequence=1, masked=masked(member), percent=20)
    (record,) = shop.wait_records(at.terminal, 1)
    assert before - 2 <= record.time <= time.time() + 2
    assert (record.kind, record.merchant, record.member, record.offer) == (REDEMPTION, "WASH", int(member), 1)
    assert (record.tier, record.month) == (tier_code(shop.database, "vip"), month_of(record.time))
    assert (record.flags, record.clock, record.reason) == (ONLINE, CLOCKS.index("centre"), 0)
    assert (record.marks, record.would_have, record.voided) == (0, None, False)
    at.cashier.leave()
    at.cashier.wait_received()
    assert masked(member) in at.cashier.page(3)[1]
    assert len(shop.records(at.terminal)) == 1


def test_fourteen_keys_from_idle_to_saved(shop: Shop, counter: Open) -> None:
    at = counter()
    since = at.bench.events.position
    at.cashier.check(shop.member())
    at.cashier.redeem()
    assert sum("key" in event for event in at.bench.events.since(since)) == 14


def test_same_member_within_ten_minutes_asks(shop: Shop, counter: Open) -> None:
    member, at = shop.member(), counter()
    at.cashier.check(member)
    at.cashier.redeem()
    at.cashier.leave()
    assert at.cashier.check(member).reason == "valid"
    at.cashier.keys("#")
    asked = at.cashier.wait("repeat")
    (first,) = shop.wait_records(at.terminal, 1)
    assert asked[0].startswith(time.strftime("%H:%M", time.gmtime(first.time + 8 * 3600)))
    at.cashier.keys("*")
    at.cashier.wait("left")
    at.cashier.leave()
    at.cashier.check(member)
    at.cashier.keys("#")
    at.cashier.wait("repeat")
    assert at.cashier.redeem() == 2
    rows = shop.wait_records(at.terminal, 2)
    assert [row.flags for row in rows] == [ONLINE, ONLINE | AGAIN]


def test_offer_is_chosen_where_there_are_several(shop: Shop, counter: Open) -> None:
    member, at = shop.member(), counter("MARKET")
    at.cashier.number(member)
    at.cashier.keys("#")
    at.cashier.wait("month")
    at.cashier.keys("#")
    at.cashier.wait("offer", digit=1, digit2=2)
    at.cashier.keys("#")
    at.cashier.wait("offer", digit=3)
    assert at.cashier.verdict_after("3").reason == "valid"
    at.cashier.redeem()
    assert shop.wait_records(at.terminal, 1)[0].offer == 3
