"""Each kind of offer through the keypad, with the network and without: the right price in fen, the limit kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from central import bookings, catalog, reminders
from host_tools.stand.cashier import Cashier
from protocol import month as months
from protocol.record import ONLINE
from tests.end_to_end.conftest import Counter, alive
from tests.end_to_end.shop import Shop

pytestmark = pytest.mark.slow

KINDS = "KINDS"
AMOUNT, FIXED, GIFT, PASS, BOOKED = range(1, 6)
_TERMS: dict[str, Any] = {"category": "maintenance"}
_ONCE = {"limit": {"count": 1, "per": "month"}}
OFFERS: dict[int, dict[str, Any]] = {
    AMOUNT: {
        "label": {"en": "Wash"},
        "discount": {"vip": {"percent": 20}},
        "ask_amount": True,
        "limit": {"count": 2, "per": "day"},
    },
    FIXED: {"label": {"en": "Oil"}, "discount": {"vip": {"fen": 19_900}}, **_ONCE},
    GIFT: {"label": {"en": "Wax"}, "discount": {"vip": {"gift": {"en": "Wax"}}}, **_ONCE},
    PASS: {"label": {"en": "Two washes"}, "discount": {"vip": {"pass": 2, "fen": 9_900}}},
    BOOKED: {"label": {"en": "Tyres"}, "discount": {"vip": {"fen": 80_000}}, "booked": True},
}


@pytest.fixture(scope="module")
def at(shop: Shop) -> Iterator[Counter]:
    """A terminal at a merchant with an offer of each kind, online and with a list."""
    with shop.database.write() as connection:
        catalog.put_merchant(connection, KINDS, {"en": "Kinds"}, "maintenance")
        for number, terms in OFFERS.items():
            catalog.put_offer(connection, KINDS, _TERMS | terms | {"id": number})
    opened = Counter(*shop.bench(KINDS))
    opened.cashier.switch_on()
    opened.cashier.wait_list()
    yield opened
    opened.bench.close()
    alive(opened.bench)


class Till:
    """Serves members at the terminal and remembers what the centre has to hold of it."""

    def __init__(self, at: Counter) -> None:
        self.cashier: Cashier = at.cashier
        self.words = at.cashier._words
        self.rows: list[str] = []

    def check(self, member: str, offer: int) -> str:
        """The verdict's reason."""
        shown = self.cashier.check(member, f"#{offer}")
        self.rows = shown.rows
        return shown.reason

    def give(self, member: str, offer: int, amount: str = "", again: bool = False) -> list[str]:
        """Check and redeem; the rows of the saved screen."""
        assert self.check(member, offer) == "valid"
        self.cashier.keys("#")
        if again:
            self.cashier.wait("repeat")
            self.cashier.keys("#")
        if amount:
            self.cashier.wait("amount")
            self.cashier.keys(amount + "#")
            self.cashier.wait("pay")
            self.cashier.keys("#")
        rows = self.cashier.still(lambda rows: rows[0].startswith("SAVED"))
        self.cashier.keys("*")
        self.cashier.wait_idle()
        return rows

    def refuse(self, member: str, offer: int) -> str:
        """Check what is refused; the reason."""
        reason = self.check(member, offer)
        self.cashier.keys("*")
        self.cashier.wait_idle()
        return reason


@pytest.fixture(params=[True, False], ids=["online", "offline"])
def till(at: Counter, request: pytest.FixtureRequest) -> Iterator[tuple[Till, bool]]:
    """The terminal with the network, and without."""
    at.bench.network(request.param)
    at.cashier.wait_idle(online=request.param)
    yield Till(at), request.param
    at.bench.network(True)
    at.cashier.wait_idle(online=True)


def held(shop: Shop, at: Counter, member: str, count: int) -> list[tuple[int, int, int]]:
    """(offer, amount, price) of all that the centre holds of a member, once there is so much."""
    deadline = time.monotonic() + 20
    while True:
        rows = [row for row in shop.records(at.terminal) if str(row.member) == member]
        if len(rows) >= count:
            assert not any(row.would_have for row in rows)
            return [(row.offer, row.amount, row.price) for row in rows]
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)


def test_an_amount_is_keyed_and_its_price_shown(shop: Shop, at: Counter, till: tuple[Till, bool]) -> None:
    served, _ = till
    member = shop.member()
    assert "98.76" in served.give(member, AMOUNT, "12345")[1]
    assert "0.01" in served.give(member, AMOUNT, "1", again=True)[1]
    assert served.refuse(member, AMOUNT) == "limit_reached"
    at.bench.network(True)
    assert held(shop, at, member, 2) == [(AMOUNT, 12_345, 9_876), (AMOUNT, 1, 1)]


def test_a_fixed_price(shop: Shop, at: Counter, till: tuple[Till, bool]) -> None:
    served, _ = till
    member = shop.member()
    assert "199.00" in served.give(member, FIXED)[1]
    assert served.refuse(member, FIXED) == "limit_reached"
    at.bench.network(True)
    assert held(shop, at, member, 1) == [(FIXED, 0, 19_900)]


def test_a_gift(shop: Shop, at: Counter, till: tuple[Till, bool]) -> None:
    served, _ = till
    member = shop.member()
    served.give(member, GIFT)
    assert served.rows[0].rstrip() == "OK VIP +gift" and served.rows[1].rstrip() == "Wax"
    assert served.refuse(member, GIFT) == "limit_reached"
    at.bench.network(True)
    assert held(shop, at, member, 1) == [(GIFT, 0, 0)]


def test_a_pass_is_sold_online_and_used_anywhere(shop: Shop, at: Counter, till: tuple[Till, bool]) -> None:
    served, online = till
    stranger, member = shop.member(), shop.member()
    if not online:
        assert served.refuse(stranger, PASS) == "online_only", "another terminal might sell it too"
        at.bench.network(True)
        at.cashier.wait_idle(online=True)
    assert "99.00" in served.give(member, PASS)[1]
    if not online:
        at.bench.network(False)
        at.cashier.wait_idle(online=False)
    for use in (1, 2):
        assert "0.00" in served.give(member, PASS, again=True)[1]
        assert f"{use}/2" in served.rows[0]
    assert served.refuse(member, PASS) == "limit_reached"
    at.bench.network(True)
    assert held(shop, at, member, 3) == [(PASS, 0, 9_900), (PASS, 0, 0), (PASS, 0, 0)]


def test_a_booking_is_redeemed_against(shop: Shop, at: Counter, till: tuple[Till, bool]) -> None:
    served, online = till
    member = shop.member()
    if not online:
        assert served.refuse(member, BOOKED) == "online_only"
        return
    assert served.refuse(member, BOOKED) == "not_booked"
    day = months.day_starts(int(time.time()))
    with shop.database.write() as connection:
        bookings.put(connection, shop.database, "G-" + member, KINDS, BOOKED, int(member), 1, (day, day + 86_400))
    assert "800.00" in served.give(member, BOOKED)[1]
    assert held(shop, at, member, 1) == [(BOOKED, 0, 80_000)]
    assert served.refuse(member, BOOKED) == "limit_reached"


def test_an_amount_can_be_mended_and_left(shop: Shop, at: Counter) -> None:
    served, member = Till(at), shop.member()
    before = len(shop.records(at.terminal))
    assert served.check(member, AMOUNT) == "valid"
    at.cashier.keys("#")
    at.cashier.keys("99*")
    assert "0.09" in at.cashier.wait("amount")[1]
    at.cashier.keys("9#")
    assert "0.79" in at.cashier.wait("pay")[0], "0.792 yuan"
    at.cashier.keys("*")
    at.cashier.wait("amount")
    at.cashier.keys("**")
    at.cashier.keys("*")
    at.cashier.wait("left")
    at.cashier.keys("*")
    at.cashier.wait_idle()
    assert len(shop.records(at.terminal)) == before


def test_what_is_due_is_told_after_the_redemption(shop: Shop, at: Counter) -> None:
    member = shop.member()
    soon = reminders.day(int(time.time()) + 3 * 86_400)
    with shop.database.write() as connection:
        reminders.put(connection, shop.database, int(member), "inspection", soon)
    served = Till(at)
    assert served.check(member, FIXED) == "valid"
    at.cashier.keys("#")
    rows = at.cashier.wait("due")
    assert "Inspection" in rows[1] and f"{soon // 100 % 100:02d}-{soon % 100:02d}" in rows[1]
    at.cashier.keys("*")
    at.cashier.wait_idle()
    assert shop.records(at.terminal)[-1].flags & ONLINE


def test_a_changed_offer_takes_effect_between_customers(shop: Shop, at: Counter) -> None:
    """It reaches the terminal while a customer stands there, who pays what was on the glass; the next one pays the new price."""
    served, first = Till(at), shop.member()
    assert served.check(first, FIXED) == "valid" and "199.00" in served.rows[1]

    def price(fen: int) -> None:
        with shop.database.write() as connection:
            catalog.put_offer(connection, KINDS, _TERMS | OFFERS[FIXED] | {"id": FIXED, "discount": {"vip": {"fen": fen}}})

    price(17_900)
    time.sleep(2)  # the centre looks twice a second, and the terminal hears at once
    at.cashier.keys("#")
    assert "199.00" in at.cashier.wait("saved_price")[1]
    at.cashier.keys("*")
    at.cashier.wait_idle()
    second = shop.member()
    assert "179.00" in served.give(second, FIXED)[1]
    assert held(shop, at, first, 1) == [(FIXED, 0, 19_900)] and held(shop, at, second, 1) == [(FIXED, 0, 17_900)]
    price(19_900)
