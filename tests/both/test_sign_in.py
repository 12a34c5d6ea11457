"""A cashier signs in: who it is by the PIN, what is asked of whom, and what the records say."""

from menu_counter import KEY, Counter

from firmware.terminal.answers import Verdict
from firmware.terminal.till import Till
from protocol import cashiers, pin
from protocol.messages import MessageError

PINS = {3: "1357", 12: "2468"}


def proof(text):
    return pin.proof(KEY, pin.digest("WASH", text))


class Shop(Counter):
    """A counter whose merchant has cashiers."""

    def __init__(self, pins=PINS):
        self.text = cashiers.text_of({number: proof(pins[number]) for number in pins})
        self.cashiers = cashiers.numbers(self.text)
        Counter.__init__(self)

    def cashier_of(self, found):
        return cashiers.whose(self.text, found)


def refused(text):
    try:
        cashiers.numbers(text)
    except MessageError:
        return True
    return False


def test_the_text_is_read_strictly():
    text = cashiers.text_of({number: proof(str(number)) for number in range(250, 234, -1)})
    assert list(cashiers.numbers(text)) == list(range(235, 251)) and not refused("")
    assert cashiers.whose(text, proof("240")) == 240 and cashiers.whose(text, proof("251")) == 0
    two = cashiers.text_of({1: proof("1"), 2: proof("2")})
    assert cashiers.whose(two, two[9:25]) == 0, "not anywhere in it"
    for wrong in (two[:-1], text + two[:18], "x" + two[1:], "00" + two[2:], "é" * 18, 5, None, []):
        assert refused(wrong), wrong
    assert refused(two[18:] + two[:18]) and refused(two[:18] * 2)


def test_without_cashiers_nobody_is_asked():
    t = Counter()
    assert t.rows()[0] == "Member number?"
    t.press("1")
    assert t.rows()[0] == "1"
    t.press("*")
    t.hold("#")
    t.seconds(2)
    assert t.rows()[0] == "1Recent 2Totals"
    t.press("4")
    assert t.heard == "error"


def test_the_pin_says_who_it_is():
    t = Shop()
    assert t.rows()[0] == "Sign in: PIN?"
    t.press("2")
    assert t.rows() == ["Cashier's PIN?", "*            #ok"]
    t.press("468#")
    assert t.rows() == ["Cashier 12", "Key the number"] and t.cashier == 12 and t.heard == "saved"
    t.press("138")
    assert t.rows()[0] == "138", "the next customer's first digit needs no key before it"
    t.press("***")
    assert t.rows()[0] == "Member number?"
    t.hold("#")
    assert t.rows()[0] == "1Recent 2Totals"
    t.seconds(2)
    assert t.rows() == ["Cashier 12", "4Sign out  *back"]
    t.press("4")
    assert t.rows()[0] == "Sign in: PIN?" and t.cashier == 0


def test_the_first_digit_leads_to_the_question_and_star_back():
    t = Shop()
    for key in "#*":
        t.press(key)
        assert t.rows()[0] == "Sign in: PIN?", key
    t.press("5*")
    assert t.rows()[0] == "Cashier's PIN?"
    t.press("*")
    assert t.rows()[0] == "Sign in: PIN?"
    t.hold("#")
    assert t.rows() == ["Key your PIN", "Hold 1s: *state"], "the cashier's menu is for who has signed in"
    t.press("#")
    assert t.rows()[0] == "Sign in: PIN?"
    t.hold("#")
    t.press("5")
    assert t.rows() == ["Cashier's PIN?", "*            #ok"]
    t.press("*#")
    assert t.rows()[0] == "Cashier's PIN?" and not any(t.wrong_pins), "nothing keyed is nothing wrong"
    t.seconds(61)
    assert t.rows()[0] == "Sign in: PIN?"


def test_wrong_ones_slow_down_and_a_right_one_in_between_does_not_help():
    t = Shop()
    t.press("1111#")
    assert t.rows() == ["PIN wrong", "Wait 2 s"] and t.heard == "error"
    t.press("1357#")
    assert t.cashier == 0, "not while it waits"
    t.press("*")
    t.seconds(3)
    t.press("1357#")
    assert t.cashier == 3 and t.wrong_pins[:3] == [0, 0, 1]
    t.press("*")
    t.hold("#")
    t.press("4")
    t.press("2222#")
    assert t.rows() == ["PIN wrong", "Wait 4 s"]
    # The supervisor's are counted apart.
    t.press("*")
    t.seconds(5)
    t.press("1357#")
    t.redeemed()
    t.press("*")
    t.hold("#")
    t.press("101234#")
    assert t.rows() == ["PIN wrong", "Wait 2 s"]
    t.seconds(3)
    t.press("246810#")
    assert t.rows()[0] == "VOIDED No 1" and (t.wrong_pins[0], t.wrong_pins[2]) == (0, 2)
    assert [record.cashier for record in t.journal.last(1)] == [3]


def test_settings_that_cannot_be_read_are_nobodys_wrong_pin():
    t = Shop()
    t.cashier_of = lambda proof: None
    t.press("1357#")
    assert t.rows() == ["NO list missing", "Connect network"] and not any(t.wrong_pins) and t.cashier == 0
    t.seconds(4)
    assert t.rows()[0] == "Sign in: PIN?"


def test_an_old_slip_is_forgotten_and_no_wait_outlasts_the_longest():
    t = Shop()
    t.press("1111#")
    t.second += 511
    t.press("2222#")
    assert t.wrong_pins[2] == 2
    t.second += 2000
    t.press("3333#")
    assert t.rows() == ["PIN wrong", "Wait 2 s"]
    t.wrong_pins[2:] = [40, t.second]
    t.desk.key("press", "*")
    t.press("1")
    assert t.rows() == ["PIN wrong", "Wait 512 s"]


def test_who_the_centre_no_longer_knows_is_signed_out_between_customers():
    t = Shop()
    t.press("1357#13")
    t.cashiers = b"\x0c"
    t.seconds(2)
    assert t.rows()[0] == "13" and t.cashier == 3, "not before this customer is served"
    t.press("**")
    assert t.rows()[0] == "Sign in: PIN?" and t.cashier == 0
    t.press("2468#*")
    t.cashiers = b""
    t.seconds(1)
    assert t.rows()[0] == "Member number?" and t.cashier == 0


def test_records_say_who_it_was():
    t = Shop()
    t.press("1357#")
    verdict = Verdict("13800138000", 202612, 1, "valid", 2, 0, 3)
    Till(t).redeem(verdict, False)
    (record,) = t.journal.last(1)
    assert record.cashier == 3
    Till(t).void(record)
    assert [record.cashier for record in t.journal.last(2)] == [3, 3]


def closed(yesterday):
    """Who is signed in after cashier 3 has closed today, or the day before."""
    t = Shop()
    t.press("1357#")
    t.redeemed()
    t.received()
    t.press("*")

    t.open_today()
    if yesterday:
        t.press("1")
    t.press("0")
    assert t.sent[0][1]["cashier"] == 3
    t.answered()
    t.seconds(1)
    assert t.rows()[0].startswith("AGREES")
    t.press("*")
    assert t.rows()[0] == ("Member number?" if yesterday else "Sign in: PIN?")
    return t.cashier


def test_the_close_of_the_day_names_the_cashier_and_ends_the_shift():
    assert closed(yesterday=False) == 0
    assert closed(yesterday=True) == 3
