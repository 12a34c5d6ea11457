"""The settings the centre has published for this terminal: merchant, offers, tiers, grace, list ages. Kept across restarts.

They are stored as they came, tag included, so that a damaged file is told from a genuine one at the next start.
"""

import os

from protocol import messages
from protocol.offers import Offer, OfferError

_FILE = "settings"


class Settings:
    """``folder`` is where the file lies; ``key`` and ``topic`` prove it genuine; ``epoch`` is the journal's: where the terminal
    was moved to other hardware, this one is suspended."""

    def __init__(self, folder, key, topic, epoch=0xFFFF):
        self._path = folder + "/" + _FILE
        self._key = key
        self._topic = topic
        self._epoch = epoch
        self.damaged = False
        self._unkept = None
        self.version = 0
        self.suspended = False
        self.merchant = ""
        self.merchant_id = ""
        self.pin = ""
        self.offers = ()
        self.tiers = {}
        self.grace_hours = 0
        self.list_age = {}
        self.list_keys = {}
        try:
            with open(self._path, "rb") as file:
                self.receive_body(messages.untagged(key, topic, file.read()))
        except OSError:
            pass  # the first start: nothing has been published to this terminal yet
        except (messages.MessageError, OfferError):
            self.damaged = True

    def receive(self, payload):
        """Take a ``settings`` payload; True when it is news. `MessageError` or `OfferError` when it can't be used.

        It counts at once; `keep` puts it on flash.
        """
        if not self.receive_body(messages.untagged(self._key, self._topic, payload)):
            return False
        self._unkept = bytes(payload)
        return True

    def keep(self):
        """Write what came last to flash (50 ms, to be done when no key is pressed); whether there was anything.

        Until then a power cut leaves the settings of before; the broker has the new ones.
        """
        if self._unkept is None:
            return False
        payload, self._unkept = self._unkept, None
        # A rename is atomic in littlefs: a power cut leaves the old settings or the new ones.
        with open(self._path + ".new", "wb") as file:
            file.write(payload)
        os.rename(self._path + ".new", self._path)
        self.damaged = False
        return True

    def receive_body(self, body):
        """Take the body of a ``settings`` message without keeping it; True when it is news. Raises as `receive`."""
        fields = messages.decode("settings", body)
        if self.version and fields["version"] <= self.version:
            return False
        offers = tuple(Offer(offer) for offer in fields["offers"])
        tiers = {}
        for tier in fields["tiers"]:
            if type(tier) is not dict or type(tier.get("code")) is not int or type(tier.get("name")) is not str:
                raise messages.MessageError("tier: code and name expected")
            tiers[tier["code"]] = tier
        self.version = fields["version"]
        moved = self._epoch < fields["terminal"].get("epoch_from", 0)
        self.suspended = moved or fields["terminal"].get("suspended") is True
        self.pin = fields["terminal"].get("pin", "")
        self.merchant = fields["merchant"].get("name", "")
        self.merchant_id = fields["merchant"].get("id", "")
        self.offers = offers
        self.tiers = tiers
        self.grace_hours = fields["grace_hours"]
        self.list_age = fields["list_age"]
        self.list_keys = fields["list_keys"]
        return True

    def offer(self, offer_id):
        """The offer of that id, or None."""
        for offer in self.offers:
            if offer.id == offer_id:
                return offer
        return None

    def tier_name(self, code):
        """The name of a tier code, or None when it is unknown here or `BLOCKED`."""
        tier = self.tiers.get(code)
        return tier["name"] if tier else None

    def tier_label(self, code):
        """(labels by language, name) of a tier code, as `Screens.label` takes them."""
        tier = self.tiers.get(code)
        return (tier.get("label", {}), tier["name"]) if tier else ({}, "?")
