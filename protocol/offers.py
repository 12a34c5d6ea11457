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

KINDS = ("pass", "gift", "percent", "fen")  # a pass has a price too, so it is looked for first


class Offer:
    """One offer; ``fields`` is the dict above, as `offer_rules.checked` has passed it. ``kind``: of `KINDS` · ``limit`` and
    ``period`` are 0 and None without a limit."""

    def __init__(self, fields):
        self.id = fields["id"]
        self.label = fields["label"]
        self.category = fields["category"]
        self.discount = fields["discount"]
        self.kind = _kind(self.discount)
        self.ask_amount = fields.get("ask_amount", False)
        self.booked = fields.get("booked", False)
        self.online_only = fields.get("online_only", False) or self.booked
        limit = fields.get("limit")
        if limit:
            self.limit, self.period = limit["count"], limit["per"]
        else:
            self.limit, self.period = 0, "month" if self.kind == "pass" else None

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


def _kind(discount):
    for given in discount.values():
        for kind in KINDS:
            if kind in given:
                return kind
    return "percent"
