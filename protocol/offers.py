"""Offers are data: what a merchant gives a tier, and what a member then pays, in whole fen.

An offer, as settings carry it::

    {"id": 1, "label": {"en": "Wash", "zh": "洗车"}, "category": "wash",
     "discount": {"vip": {"percent": 20}, "ordinary": {"percent": 10}},
     "limit": {"count": 1, "per": "day"}, "ask_amount": false, "online_only": false, "booked": false}

All tiers of an offer have the same kind of discount: ``{"percent": 20}`` off · ``{"fen": 3500}``, a fixed price ·
``{"gift": {"en": "Wax", "zh": "车蜡"}}`` · ``{"pass": 10, "fen": 9900}``, sold once a calendar month for its price and then good
for so many uses in that month. ``booked``: only for who has booked it, which the centre alone knows.
"""

from protocol.month import day_starts, month_of, starts

PERIODS = ("day", "month")
KINDS = ("pass", "gift", "percent", "fen")  # a pass has a price too, so it is looked for first
MOST_FEN = 99999999  # what eight keyed digits can say


class OfferError(ValueError):
    """An offer that is not of the documented form."""


def _number(value, least, most, what):
    if type(value) is not int or not least <= value <= most:
        raise OfferError("%s: a whole number from %d to %d expected" % (what, least, most))
    return value


def _texts(value, what):
    if type(value) is not dict or [text for text in value.values() if type(text) is not str]:
        raise OfferError("%s: texts by language expected" % what)
    return value


def _flag(fields, name):
    value = fields.get(name, False)
    if type(value) is not bool:
        raise OfferError("%s: true or false expected" % name)
    return value


def _kind(given):
    for kind in KINDS:
        if type(given) is dict and kind in given:
            break
    else:
        raise OfferError("discount: percent, fen, gift or pass expected")
    if kind == "gift":
        _texts(given[kind], kind)
    elif kind == "percent":
        _number(given[kind], 0, 100, kind)
    else:
        _number(given.get("fen"), 1 if kind == "pass" else 0, MOST_FEN, "fen")
        _number(given[kind], 0, 255 if kind == "pass" else MOST_FEN, kind)
    return kind


class Offer:
    """One offer; ``fields`` is the dict above. ``kind``: of `KINDS` · ``limit`` and ``period`` are 0 and None without a limit."""

    def __init__(self, fields):
        if type(fields) is not dict:
            raise OfferError("offer: an object expected")
        self.id = _number(fields.get("id"), 1, 0xFFFF, "id")
        self.label = _texts(fields.get("label"), "label")
        self.category = fields.get("category")
        self.discount = fields.get("discount")
        if type(self.discount) is not dict or type(self.category) is not str:
            raise OfferError("offer %d: category and discount expected" % self.id)
        kinds = set(_kind(given) for given in self.discount.values())
        if len(kinds) > 1:
            raise OfferError("offer %d: discounts of one kind expected" % self.id)
        self.kind = kinds.pop() if kinds else "percent"
        self.ask_amount = _flag(fields, "ask_amount")
        self.booked = _flag(fields, "booked")
        self.online_only = _flag(fields, "online_only") or self.booked
        self.limit, self.period = 0, "month" if self.kind == "pass" else None
        limit = fields.get("limit")
        if limit:
            if type(limit) is not dict or limit.get("per") not in PERIODS:
                raise OfferError("offer %d: limit per day or month expected" % self.id)
            self.limit, self.period = _number(limit.get("count"), 1, 0xFFFF, "limit"), limit["per"]
        if (self.kind == "pass" and (limit or self.booked)) or (self.ask_amount and self.kind not in ("percent", "gift")):
            raise OfferError("offer %d: a %s goes without limit, booking and amount" % (self.id, self.kind))

    def serves(self, tier):
        """Whether the offer has a discount for ``tier`` (name)."""
        return tier in self.discount

    def percent(self, tier):
        """Percent off for ``tier``; 0 for other kinds of discount."""
        return self.discount[tier].get("percent", 0)

    def limit_for(self, tier):
        """How often a member of ``tier`` may redeem it in a period; 0: as often as they like. Selling a pass counts as once."""
        return self.discount[tier]["pass"] + 1 if self.kind == "pass" and tier in self.discount else self.limit

    def needs_centre(self, used):
        """Whether the terminal alone may not give it after ``used`` uses: nobody else must sell the pass that it sells."""
        return self.online_only or (self.kind == "pass" and not used)

    def price(self, amount, tier, used=0):
        """What a member of ``tier`` pays for ``amount`` fen after ``used`` uses in the period, in whole fen.

        Half a fen rounds up, to the merchant's side. ``amount`` counts for a percentage and beside a gift alone.
        """
        given = self.discount[tier]
        if self.kind == "percent":
            return (amount * (100 - given["percent"]) + 50) // 100
        if self.kind == "gift":
            return amount
        return 0 if self.kind == "pass" and used else given["fen"]

    def counts_since(self, now):
        """Unix seconds from which uses count against the limit at ``now``; None without a limit."""
        if self.period is None:
            return None
        return day_starts(now) if self.period == "day" else starts(month_of(now))
