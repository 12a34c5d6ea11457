"""Offers: strict reading, and money in whole fen with half a fen rounded up."""

from protocol import month
from protocol.offers import Offer, OfferError

WASH = {
    "id": 1, "label": {"en": "Wash", "zh": "洗车"}, "category": "wash",
    "discount": {"vip": {"percent": 20}, "ordinary": {"percent": 15}}, "limit": {"count": 1, "per": "day"},
}  # fmt: skip


def refused(**changes):
    try:
        Offer(dict(WASH, **changes))
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
                    {"category": 1},
                    {"discount": {"vip": {"percent": 101}}}, {"discount": {"vip": {}}}, {"limit": {"count": 1}},
                    {"limit": {"count": 0, "per": "day"}}, {"limit": 3}):  # fmt: skip
        assert refused(**changes), changes
