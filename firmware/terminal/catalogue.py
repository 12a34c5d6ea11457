"""What the merchant offers and whom, and who works there: read from the settings for each customer and forgotten after."""

from protocol import cashiers
from protocol.messages import MessageError
from protocol.offers import Offer


class Catalogue:
    """``fields``: those of a ``settings`` message. `ValueError` (`MessageError`, `OfferError`) when it is not of that form."""

    def __init__(self, fields):
        self.offers = [Offer(offer) for offer in fields["offers"]]
        self._tiers = {}
        for tier in fields["tiers"]:
            if type(tier) is not dict or type(tier.get("code")) is not int or type(tier.get("name")) is not str:
                raise MessageError("tier: code and name expected")
            self._tiers[tier["code"]] = tier
        self._cashiers = fields.get("terminal", {}).get("cashiers", "")
        self.cashiers = cashiers.numbers(self._cashiers)  # none: nobody has to sign in

    def offer(self, offer_id):
        """The offer of that id, or None."""
        for offer in self.offers:
            if offer.id == offer_id:
                return offer
        return None

    def cashier(self, proof):
        """The number of the cashier whose PIN gives ``proof``, or 0."""
        return cashiers.whose(self._cashiers, proof)

    def tier_name(self, code):
        """The name of a tier code, or None when it is unknown here or `BLOCKED`."""
        tier = self._tiers.get(code)
        return tier["name"] if tier else None

    def tier_label(self, code):
        """(labels by language, name) of a tier code, as `Screens.label` takes them."""
        tier = self._tiers.get(code)
        return (tier.get("label", {}), tier["name"]) if tier else ({}, "?")
