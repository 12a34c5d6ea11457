"""What the merchant offers and whom: offers and tiers, read from the settings for each customer and forgotten after."""

from protocol.offers import Offer


class Catalogue:
    """``fields``: those of a ``settings`` message, which `settings_rules` has passed."""

    def __init__(self, fields):
        self.offers = [Offer(offer) for offer in fields["offers"]]
        self._tiers = {tier["code"]: tier for tier in fields["tiers"]}

    def offer(self, offer_id):
        """The offer of that id, or None."""
        for offer in self.offers:
            if offer.id == offer_id:
                return offer
        return None

    def tier_name(self, code):
        """The name of a tier code, or None when it is unknown here or `BLOCKED`."""
        tier = self._tiers.get(code)
        return tier["name"] if tier else None

    def tier_label(self, code):
        """(labels by language, name) of a tier code, as `Screens.label` takes them."""
        tier = self._tiers.get(code)
        return (tier.get("label", {}), tier["name"]) if tier else ({}, "?")
