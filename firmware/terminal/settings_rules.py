"""What settings have to be like before anybody is served by them, and whose PIN it was. Loaded when they come, and to sign in."""

from protocol import cashiers
from protocol.messages import MessageError
from protocol.offer_rules import checked


def take(settings, fields):
    """Put the ``fields`` of a ``settings`` message into `Settings`; `ValueError` (`MessageError`, `OfferError`), and nothing is
    changed, when offers, tiers or cashiers are not of the documented form."""
    for offer in fields["offers"]:
        checked(offer)
    for tier in fields["tiers"]:
        if type(tier) is not dict or type(tier.get("code")) is not int or type(tier.get("name")) is not str:
            raise MessageError("tier: code and name expected")
    settings.cashiers = cashiers.numbers(_cashiers(fields))  # none: nobody has to sign in
    terminal = fields["terminal"]
    settings.version = fields["version"]
    settings.suspended = settings.epoch < terminal.get("epoch_from", 0) or terminal.get("suspended") is True
    settings.pin = terminal.get("pin", "")
    settings.merchant_id = fields["merchant"].get("id", "")
    settings.grace_hours = fields["grace_hours"]
    settings.list_age = fields["list_age"]
    settings.list_keys = fields["list_keys"]


def cashier_of(fields, proof):
    """The number of the cashier whose PIN gives ``proof``, or 0."""
    return cashiers.whose(_cashiers(fields), proof)


def _cashiers(fields):
    return fields["terminal"].get("cashiers", "")
