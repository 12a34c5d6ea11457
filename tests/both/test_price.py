"""What a member pays, on the glass and in the record: each kind of offer, the keyed amount, the reminders."""

from firmware.terminal.price import Price, yuan
from protocol.offers import Offer


class Glass:
    """Stands for `Screens`: remembers what was shown last."""

    def label(self, labels, name):
        return labels.get("en", name)

    def word(self, name):
        return name

    def show(self, screen, **fields):
        self.screen = screen
        self.fields = fields


class Verdict:
    used = limit = 0

    def __init__(self, **fields):
        self.due = {}
        for name in fields:
            setattr(self, name, fields[name])


def priced(discount, verdict=None, **terms):
    fields = {"id": 1, "label": {"en": "X"}, "category": "x", "discount": {"vip": discount}}
    fields.update(terms)
    glass, verdict = Glass(), verdict or Verdict()
    price = Price(glass, Offer(fields), "vip", "VIP", verdict)
    price.show_valid("list")
    return glass, verdict, price


def test_yuan():
    assert [yuan(fen) for fen in (0, 5, 100, 12345, 99999999)] == ["0.00", "0.05", "1.00", "123.45", "999999.99"]


def test_a_fixed_price_is_shown_at_once():
    glass, verdict, price = priced({"fen": 3500})
    assert (glass.screen, glass.fields["price"], price.asks) == ("valid_price", "35.00", False)
    price.show_saved(7, "138****8000")
    assert (glass.screen, glass.fields["price"], glass.fields["sequence"]) == ("saved_price", "35.00", 7)
    assert (verdict.amount, verdict.price) == (0, 3500)


def test_a_pass_is_sold_and_then_counted():
    glass, verdict, _ = priced({"pass": 10, "fen": 9900}, Verdict(used=0, limit=11))
    assert (glass.fields["price"], glass.fields["nth"], verdict.price) == ("99.00", "", 9900)
    glass, verdict, _ = priced({"pass": 10, "fen": 9900}, Verdict(used=3, limit=11))
    assert (glass.fields["price"], glass.fields["nth"], verdict.price) == ("0.00", "3/10", 0)


def test_a_gift_is_named():
    glass, verdict, _ = priced({"gift": {"en": "Wax"}})
    assert (glass.screen, glass.fields["gift"], verdict.price) == ("valid_gift", "Wax", 0)


def keyed(price, keys):
    return [price.key(key) for key in keys][-1]


def test_an_amount_is_keyed_fen_first():
    glass, verdict, price = priced({"percent": 20}, ask_amount=True)
    assert (glass.screen, price.asks) == ("valid", True)
    price.show_amount()
    assert glass.fields["amount"] == "0.00"
    assert keyed(price, "#") is False, "nothing was keyed"
    for key, shown in zip("1234*5", ("0.01", "0.12", "1.23", "12.34", "1.23", "12.35")):
        assert price.key(key) is None
        assert glass.fields["amount"] == shown, key
    assert keyed(price, "A") is False
    assert keyed(price, "#") is None and (glass.screen, glass.fields["price"]) == ("pay", "9.88")
    assert keyed(price, "7") is False, "a digit no longer counts"
    assert keyed(price, "*") is None and glass.fields["amount"] == "12.35"
    assert keyed(price, "#") is None and keyed(price, "#") is True
    assert (verdict.amount, verdict.price) == (1235, 988)


def test_no_amount_is_too_long():
    glass, _, price = priced({"percent": 20}, ask_amount=True)
    assert keyed(price, "99999999") is None and keyed(price, "9") is False
    assert glass.fields["amount"] == "999999.99"


def test_a_gift_with_an_amount_leaves_the_price():
    _, verdict, price = priced({"gift": {"en": "Wax"}}, ask_amount=True)
    assert keyed(price, "5000##") is True
    assert (verdict.amount, verdict.price) == (5000, 5000)


def test_reminders_take_turns():
    glass, _, price = priced(
        {"percent": 20}, Verdict(due={"inspection": 20261130, "seasonal": 20261201, "party": 1, "insurance": "x"})
    )
    shown = []
    for turn in range(3):
        assert price.remind(turn)
        shown.append((glass.fields["what"], glass.fields["day"]))
    assert shown[0] == shown[2] and sorted(shown[:2]) == [("due_inspection", "11-30"), ("due_season", "12-01")]
    assert not priced({"percent": 20})[2].remind(0)
    price.show_saved(7, "138****8000")
    assert (glass.screen, glass.fields["percent"]) == ("saved", 20)
