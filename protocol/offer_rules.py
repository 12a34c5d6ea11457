"""What an offer has to be like before anybody is served by it: asked once, when it comes in.

`protocol/offers.py` has the form, and takes an offer at its word: between two customers a terminal has no room for this.
"""

from protocol.offers import KINDS, Offer

PERIODS = ("day", "month")
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


def _checked_kind(given):
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


def checked(fields):
    """The `Offer` of ``fields``, a dict or anything else; `OfferError` when it is not of the documented form."""
    if type(fields) is not dict:
        raise OfferError("offer: an object expected")
    number = _number(fields.get("id"), 1, 0xFFFF, "id")
    _texts(fields.get("label"), "label")
    discount = fields.get("discount")
    if type(discount) is not dict or type(fields.get("category")) is not str:
        raise OfferError("offer %d: category and discount expected" % number)
    kinds = set(_checked_kind(given) for given in discount.values())
    if len(kinds) > 1:
        raise OfferError("offer %d: discounts of one kind expected" % number)
    kind = kinds.pop() if kinds else "percent"
    asks, booked, _ = _flag(fields, "ask_amount"), _flag(fields, "booked"), _flag(fields, "online_only")
    limit = fields.get("limit")
    if limit:
        if type(limit) is not dict or limit.get("per") not in PERIODS:
            raise OfferError("offer %d: limit per day or month expected" % number)
        _number(limit.get("count"), 1, 0xFFFF, "limit")
    if (kind == "pass" and (limit or booked)) or (asks and kind not in ("percent", "gift")):
        raise OfferError("offer %d: a %s goes without limit, booking and amount" % (number, kind))
    return Offer(fields)
