"""Offers and discounts are data: what a merchant's offer gives a tier, and what that makes of an amount in whole fen.

An offer, as settings carry it::

    {"id": 1, "label": {"en": "Wash pass", "zh": "洗车包月"}, "category": "wash",
     "discount": {"vip": {"percent": 20}, "ordinary": {"percent": 10}},
     "limit": {"count": 1, "per": "day"}, "ask_amount": false, "online_only": false}
"""

from protocol.month import day_starts, month_of, starts

PERIODS = ("day", "month")


class OfferError(ValueError):
    """An offer that is not of the documented form."""


def _number(value, least, most, what):
    if type(value) is not int or not least <= value <= most:
        raise OfferError("%s: a whole number from %d to %d expected" % (what, least, most))
    return value


class Offer:
    """One offer; ``fields`` is the dict above. ``limit`` and ``period`` are 0 and None when there is no limit."""

    def __init__(self, fields):
        if type(fields) is not dict:
            raise OfferError("offer: an object expected")
        self.id = _number(fields.get("id"), 1, 0xFFFF, "id")
        self.label = fields.get("label")
        self.category = fields.get("category")
        self.discount = fields.get("discount")
        if type(self.label) is not dict or type(self.discount) is not dict or type(self.category) is not str:
            raise OfferError("offer %d: label, category and discount expected" % self.id)
        for tier in self.discount:
            percent = self.discount[tier]
            if type(percent) is not dict:
                raise OfferError("offer %d: discount of %s: an object expected" % (self.id, tier))
            _number(percent.get("percent"), 0, 100, "percent")
        self.ask_amount = fields.get("ask_amount") is True
        self.online_only = fields.get("online_only") is True
        self.limit, self.period = 0, None
        limit = fields.get("limit")
        if limit:
            if type(limit) is not dict or limit.get("per") not in PERIODS:
                raise OfferError("offer %d: limit per day or month expected" % self.id)
            self.limit, self.period = _number(limit.get("count"), 1, 0xFFFF, "limit"), limit["per"]

    def serves(self, tier):
        """Whether the offer has a discount for ``tier`` (name)."""
        return tier in self.discount

    def percent(self, tier):
        """Percent off for ``tier``."""
        return self.discount[tier]["percent"]

    def price(self, amount, tier):
        """What ``amount`` fen costs a member of ``tier``, in whole fen; half a fen rounds up, to the merchant's side."""
        return (amount * (100 - self.percent(tier)) + 50) // 100

    def counts_since(self, now):
        """Unix seconds from which uses count against the limit at ``now``; None without a limit."""
        if self.period is None:
            return None
        return day_starts(now) if self.period == "day" else starts(month_of(now))
