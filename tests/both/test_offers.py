"""Offers: strict reading, and money in whole fen with half a fen rounded up."""

from protocol import month
from protocol.offer_rules import OfferError, checked
from protocol.offers import Offer

WASH = {
    "id": 1, "label": {"en": "Wash", "zh": "洗车"}, "category": "wash",
    "discount": {"vip": {"percent": 20}, "ordinary": {"percent": 15}}, "limit": {"count": 1, "per": "day"},
}  # fmt: skip


def refused(**changes):
    try:
        checked(dict(WASH, **changes))
    except OfferError:
        return True
    return False


def test_prices_in_fen():
    offer = Offer(WASH)
    assert offer.price(10000, "vip") == 8000
    assert offer.price(1, "vip") == 1  # 0.8 fen
    assert offer.price(2, "vip") == 2  # 1.6 fen
    assert offer.price(10, "ordinary") == 9  # 8.5 fen: half rounds up
    assert offer.price(0, "vip") == 0
    for amount in range(0, 3000, 7):
        assert 0 <= offer.price(amount, "vip") * 5 - amount * 4 + 2 <= 5


def offered(discount, **more):
    fields = {"id": 2, "label": {"en": "X"}, "category": "x", "discount": discount}
    fields.update(more)
    return checked(fields)


def test_rounding_never_costs_a_fen_too_many_either_way():
    for percent in (0, 1, 3, 7, 33, 50, 67, 99, 100):
        offer = offered({"vip": {"percent": percent}})
        for amount in (0, 1, 2, 3, 49, 50, 51, 99, 100, 101, 12345, 99999999):
            exact = amount * (100 - percent)  # hundredths of a fen
            price = offer.price(amount, "vip")
            assert -50 < price * 100 - exact <= 50 and price <= amount, (percent, amount)


def test_a_fixed_price_does_not_ask_what_it_cost():
    offer = offered({"vip": {"fen": 3500}, "ordinary": {"fen": 4000}})
    assert offer.kind == "fen" and not offer.percent("vip")
    assert (offer.price(0, "vip"), offer.price(9999, "ordinary")) == (3500, 4000)


def test_a_gift_leaves_the_price():
    offer = offered({"vip": {"gift": {"en": "Wax", "zh": "车蜡"}}}, ask_amount=True)
    assert offer.kind == "gift" and offer.price(12345, "vip") == 12345


def test_a_pass_is_sold_once_and_then_used():
    offer = offered({"vip": {"pass": 10, "fen": 9900}, "ordinary": {"pass": 5, "fen": 9900}})
    assert (offer.limit_for("vip"), offer.limit_for("ordinary"), offer.limit_for("trial")) == (11, 6, 0)
    assert [offer.price(0, "vip", used) for used in (0, 1, 10)] == [9900, 0, 0]
    assert offer.needs_centre(0) and not offer.needs_centre(1)
    now = month.unix(2026, 12, 10, 14, 32)
    assert offer.counts_since(now) == month.unix(2026, 12, 1)


def test_what_is_booked_asks_the_centre():
    assert offered({"vip": {"fen": 1}}, booked=True).needs_centre(3)
    assert not offered({"vip": {"fen": 1}}).needs_centre(0)


def test_tiers_without_a_discount_are_not_served():
    offer = Offer(WASH)
    assert offer.serves("vip") and offer.percent("vip") == 20
    assert not offer.serves("trial") and not offer.serves(None)


def test_limits_count_from_the_day_or_the_month():
    now = month.unix(2026, 12, 10, 14, 32)
    assert Offer(WASH).counts_since(now) == month.unix(2026, 12, 10)
    assert Offer(dict(WASH, limit={"count": 2, "per": "month"})).counts_since(now) == month.unix(2026, 12, 1)
    unlimited = Offer(dict(WASH, limit=None))
    assert unlimited.counts_since(now) is None and unlimited.limit == 0


def test_malformed_offers_are_refused():
    for changes in ({"id": 0}, {"id": "1"}, {"id": True}, {"label": "x"}, {"discount": []}, {"discount": {"vip": 20}},
                    {"category": 1}, {"label": {"en": 1}}, {"ask_amount": 1}, {"booked": "no"}, {"online_only": None},
                    {"discount": {"vip": {"percent": 20}, "ordinary": {"fen": 1}}}, {"discount": {"vip": None}},
                    {"discount": {"vip": {"fen": -1}}}, {"discount": {"vip": {"fen": 100000000}}},
                    {"discount": {"vip": {"gift": "wax"}}}, {"discount": {"vip": {"pass": 3}}},
                    {"discount": {"vip": {"pass": 3, "fen": 0}}}, {"discount": {"vip": {"pass": 3, "fen": 5}}},
                    {"discount": {"vip": {"fen": 1}}, "ask_amount": True},
                    {"discount": {"vip": {"percent": 101}}}, {"discount": {"vip": {}}}, {"limit": {"count": 1}},
                    {"limit": {"count": 0, "per": "day"}}, {"limit": 3}):  # fmt: skip
        assert refused(**changes), changes
