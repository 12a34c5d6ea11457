"""What a member pays, where that is more than "so many percent off": prices, gifts, passes, amounts that are keyed; and what the
member is to be reminded of. Loaded for the redemptions that need it.
"""

_MOST_DIGITS = 8  # ¥999,999.99
_WORDS = {"insurance": "due_insurance", "inspection": "due_inspection", "maintenance": "due_service", "seasonal": "due_season"}


class Price:
    """Of a valid ``verdict`` on ``offer`` (`Offer`) for ``tier`` (name; ``label``: as shown). Sets the verdict's ``amount`` and
    ``price``, whole fen. ``asks``: the amount is still to be keyed, ``digits``: of it."""

    def __init__(self, screens, offer, tier, label, verdict):
        self._screens = screens
        self._offer = offer
        self._tier = tier
        self._label = label
        self._verdict = verdict
        self.digits = ""
        self.asks = offer.ask_amount
        self._count(0)

    def show_valid(self, path):
        """Valid, and what it costs; ``path``: the word for who has answered."""
        offer, verdict = self._offer, self._verdict
        show = self._screens.show
        if offer.kind == "gift":
            gift = self._screens.label(offer.discount[self._tier]["gift"], "+1")
            return show("valid_gift", tier=self._label, gift=gift)
        if offer.kind == "percent":
            return show("valid", tier=self._label, percent=offer.percent(self._tier), path=path)
        # Of a pass: which of its uses this is; its sale is none.
        nth = "%d/%d" % (verdict.used, verdict.limit - 1) if offer.kind == "pass" and verdict.used else ""
        show("valid_price", tier=self._label, price=yuan(verdict.price), nth=nth, path=path)

    def show_amount(self):
        """Ask what the member's purchase costs."""
        self._screens.show("amount", amount=yuan(int(self.digits or "0")))

    def key(self, key):
        """A key while the amount is asked, or its price stands to be confirmed: None to go on, False for a key that means
        nothing, True when it is to be redeemed."""
        if self.asks and key.isdigit() and len(self.digits) < _MOST_DIGITS:
            self.digits += key
        elif self.asks and key == "*":
            self.digits = self.digits[:-1]
        elif self.asks and key == "#" and int(self.digits or "0"):
            self.asks = False
            self._count(int(self.digits))
            return self._screens.show("pay", price=yuan(self._verdict.price))
        elif not self.asks and key == "*":
            self.asks = True
        else:
            return not self.asks and key == "#"
        self.show_amount()

    def show_saved(self, sequence, masked):
        """Saved, and what was paid."""
        if self._offer.kind == "percent" and not self._offer.ask_amount:
            percent = self._offer.percent(self._tier)
            return self._screens.show("saved", sequence=sequence, masked=masked, percent=percent)
        self._screens.show("saved_price", sequence=sequence, masked=masked, price=yuan(self._verdict.price))

    def remind(self, turn):
        """Show, one after the other, what is due; False when there is nothing. ``turn`` counts up."""
        due = [kind for kind in _WORDS if type(self._verdict.due.get(kind)) is int]
        if not due:
            return False
        day = self._verdict.due[due[turn % len(due)]]
        word = self._screens.word(_WORDS[due[turn % len(due)]])
        self._screens.show("due", what=word, day="%02d-%02d" % (day // 100 % 100, day % 100))
        return True

    def _count(self, amount):
        verdict = self._verdict
        verdict.amount = amount
        verdict.price = self._offer.price(amount, self._tier, verdict.used)


def yuan(fen):
    """Fen as ``35.00``."""
    return "%d.%02d" % (fen // 100, fen % 100)
