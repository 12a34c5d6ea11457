"""The desk's state machine: keys, verdicts and seconds in, rows of glass and records out. No hardware, no waiting."""

import asyncio

import asyncio_ms  # noqa: F401 - for CPython
from glass import English, Glass

from firmware.terminal import checks, overlay, till
from firmware.terminal.answers import Verdict
from firmware.terminal.customer import NUMBER, Customer
from firmware.terminal.desk import Desk
from firmware.terminal.journal import JournalFull
from firmware.terminal.redemption import CHECKING, VALID_SHOWN, Redemption
from firmware.terminal.screens import Screens
from protocol import month
from protocol.offers import Offer
from protocol.reasons import CODES

NOW = month.unix(2026, 12, 10, 14, 32)
OFFERS = [
    Offer({"id": n, "label": {"en": "Offer %d" % n}, "category": "wash", "discount": {"vip": {"percent": 20}}}) for n in (1, 2, 3)
]


class Catalogue:
    """Of the spy's offers, a new one for each customer."""

    def __init__(self, offers):
        self.offers = offers

    def tier_label(self, code):
        return {"en": "VIP"}, "vip"

    def tier_name(self, code):
        return "vip"


class Spy:
    """Stands for the terminal and its parts, and remembers what was asked of them."""

    level = 0

    def __init__(self, glass):
        self.screens = Screens(glass, English())
        self.signals = self.clock = self.settings = self.lists = self.journal = self
        self.time = NOW
        self.asked = self.lit = self.heard = None
        self.redeemed = []
        self.looked_up = []
        self.refused = []
        self.fault = None
        self.offers = OFFERS[:1]
        self.is_busy = False

    def now(self):
        return self.time

    def online(self):
        return True

    def signed_out(self):
        return False

    def list_is_old(self):
        return False

    # Signals

    def give(self, name):
        self.heard = name
        self.lit = {"valid": "green", "invalid": "red"}.get(name, self.lit)

    def dark(self):
        self.lit = None

    def tick(self):
        pass

    # Settings

    def catalogue(self):
        return Catalogue(self.offers)

    # Lists

    async def find(self, found_month, number):
        self.looked_up.append((found_month, number))
        return None, False, 2, 0

    def forget(self):
        pass

    # Till

    def redeem(self, verdict, again):
        if self.fault:
            raise self.fault
        self.redeemed.append((verdict, again))
        return 142 + len(self.redeemed)

    def refuse(self, verdict):
        self.refused.append(verdict.reason)


_REAL = checks.check, till.Till, overlay.drop


def teardown_function(_function):
    """Give back what `desk` has put in place of checks, till and the dropping of parts."""
    checks.check, till.Till, overlay.drop = _REAL


async def check(spy, number, sender, asked_month, offer, catalogue, found):
    assert spy.is_busy
    spy.asked = (number, sender, asked_month, offer)
    return spy.verdict


def desk(reason="valid", earlier=None, online=True):
    glass = Glass()
    spy = Spy(glass)
    checks.check = check
    till.Till = lambda terminal: spy
    overlay.drop = lambda *names: None  # what stands for checks and till has to stay
    spy.verdict = Verdict("13800138000", 202612, 1, reason, 2, 0, 3)
    spy.verdict.online = online
    spy.verdict.earlier = earlier
    return Desk(spy), glass, spy


def stands_at(made, page, state):
    """Whether the desk is on that page, in that state."""
    return isinstance(made.page, page) and made.page.state == state


async def settled(made):
    for _ in range(2000):  # two seconds: parts are loaded meanwhile
        await asyncio.sleep(0.001)
        if not stands_at(made, Redemption, CHECKING):
            return
    raise AssertionError("no verdict")


def press(made, keys):
    async def pressing():
        for key in keys:
            made.key("press", key)
            await settled(made)

    asyncio.run(pressing())


def test_fourteen_keys_from_idle_to_saved():
    made, glass, spy = desk()
    press(made, "13800138000")
    assert glass[0] == "138 0013 8000"
    press(made, "#")
    assert glass[0] == "2026-12 10620007"
    press(made, "#")
    assert glass[0] == "OK VIP -20%" and spy.lit == "green"
    assert spy.asked == ("13800138000", True, 202612, OFFERS[0])
    press(made, "#")
    assert glass[0] == "SAVED No 143" and glass[1] == "138****8000 -20%"
    assert len(spy.redeemed) == 1


def test_every_refusal_is_read_off_in_the_first_cells_and_logged():
    for reason in CODES:
        if reason == "valid":
            continue
        made, glass, spy = desk(reason)
        press(made, "13800138000##")
        assert glass[0].startswith("NO "), reason
        assert spy.lit == "red" and spy.refused == [reason]
        press(made, "#")
        assert not spy.redeemed and made.page is None


def test_other_month_and_other_sender_are_asked_of_the_chain():
    made, glass, spy = desk("month_past")
    press(made, "13800138000#1")
    assert glass[0] == "Month on SMS? __"
    press(made, "11#")
    assert spy.asked[1:3] == (True, 202611)
    made, glass, spy = desk("wrong_sender")
    press(made, "13800138000#2")
    assert spy.asked[1:3] == (False, 202612)
    made, glass, spy = desk("month_unknown")
    spy.offers = OFFERS
    press(made, "13800138000#113#")
    assert spy.asked[2] == 0 and glass[0].startswith("NO"), "no choice of offers for what is refused at once"


def test_wrong_lengths_reach_the_chain_and_the_thirteenth_digit_does_not():
    for digits in ("1380013800", "138001380001"):
        made, glass, spy = desk("malformed_number")
        press(made, digits + "#")
        assert spy.asked[0] == digits and not spy.looked_up
    made, glass, spy = desk()
    press(made, "1380013800012")
    assert glass[0] == "138 0013 8000 1"


def test_a_key_during_the_check_never_redeems():
    made, _glass, spy = desk()

    async def impatient():
        for key in "13800138000####":
            made.key("press", key)
        await settled(made)

    asyncio.run(impatient())
    assert stands_at(made, Redemption, VALID_SHOWN) and not spy.redeemed


async def _short(*_):
    raise MemoryError


def test_what_memory_does_not_suffice_for_is_not_redeemed():
    made, glass, spy = desk()
    checks.check = _short
    press(made, "13800138000##")
    assert glass[0] == "Not redeemed" and not spy.redeemed
    checks.check = check
    press(made, "13800138000###")
    assert len(spy.redeemed) == 1, "the next customer needs no key before the number"


def test_a_page_that_does_not_fit_is_asked_for_again_from_idle():
    made, glass, spy = desk()
    real = overlay.load

    def load(name):
        if name == "firmware.terminal.redemption":
            raise MemoryError
        return real(name)

    overlay.load = load
    try:
        press(made, "13800138000##")
        assert made.page is None and not spy.is_busy and glass[0] == "Member number?"
    finally:
        overlay.load = real
    press(made, "13800138000###")
    assert len(spy.redeemed) == 1


def test_the_same_again_within_ten_minutes_asks():
    made, glass, spy = desk(earlier=NOW - 60)
    press(made, "13800138000###")
    assert (glass[0] + " " + glass[1]).startswith("14:31 already saved. Again?") and not spy.redeemed
    press(made, "*")
    assert not spy.redeemed and glass[0] == "Not redeemed"
    made, glass, spy = desk(earlier=NOW - 60)
    press(made, "13800138000####")
    assert spy.redeemed[0][1] is True


def test_a_list_that_asks_for_the_network_is_asked_about_once():
    made, glass, spy = desk(online=False)
    spy.verdict.ask_online = True
    press(made, "13800138000###")
    assert glass[0] == "Old list: go" and not spy.redeemed
    press(made, "#")
    assert len(spy.redeemed) == 1


def test_what_could_not_be_saved_is_never_called_saved():
    for fault, words in ((JournalFull(), "NOT SAVED: full"), (OSError(5), "NOT SAVED")):
        made, glass, spy = desk()
        spy.fault = fault
        press(made, "13800138000###")
        assert glass[0] == words and spy.lit == "red"


def test_correcting_and_leaving():
    made, glass, spy = desk()
    press(made, "139*8")
    assert glass[0] == "138"
    press(made, "***")
    assert made.page is None
    press(made, "13800138000#*")
    assert glass[0] == "138 0013 8000" and stands_at(made, Customer, NUMBER)
    press(made, "##*")
    assert glass[0] == "Not redeemed" and not spy.redeemed


def test_a_forgotten_number_leaves_the_glass():
    made, glass, spy = desk()
    press(made, "13800138000##")
    for _ in range(60):
        made.tick()
    assert made.page is None and not spy.is_busy and "138" not in glass[0] + glass[1]


def test_several_offers_are_chosen_by_digit():
    made, glass, spy = desk()
    spy.offers = OFFERS
    press(made, "13800138000##")
    assert glass[0] == "1 Offer 1" and glass[1] == "2 Offer 2"
    press(made, "#")
    assert glass[0] == "3 Offer 3"
    press(made, "3")
    assert spy.asked[3] is OFFERS[2]


def test_an_unset_clock_refuses_at_once():
    made, glass, spy = desk("clock_unset")
    spy.time = None
    made.tick()
    assert glass[0] == "Clock not set"
    press(made, "13800138000#")
    assert glass[0] == "NO clock not set" and not spy.looked_up


def test_the_next_digit_starts_the_next_customer():
    made, glass, _spy = desk()
    press(made, "13800138000###139")
    assert glass[0] == "139"


def test_eighty_percent_warns_between_prompts():
    made, glass, spy = desk()
    spy.level = 82
    seen = set()
    for _ in range(10):
        made.tick()
        seen.add(glass[0])
    assert seen == {"Member number?", "Journal at 82%"}
