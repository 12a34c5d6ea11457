"""The cashier's menu and its pages, on a real journal: what stands on the glass, and what is in the records."""

import asyncio

from glass import English, Glass
from nor_flash import NorFlash, Partition

from firmware.terminal import overlay, till
from firmware.terminal.checks import _history
from firmware.terminal.desk import Desk
from firmware.terminal.journal import Journal
from firmware.terminal.screens import Screens
from protocol import month, pin
from protocol.offers import Offer
from protocol.record import DATE_SET, REDEMPTION, VOID, Record, Sealer

if not hasattr(asyncio, "sleep_ms"):

    async def sleep_ms(ms):
        await asyncio.sleep(ms / 1000)

    asyncio.sleep_ms = sleep_ms

TILL = till.Till  # other tests put theirs in its place
KEY = bytes(range(32))
NOW = month.unix(2026, 12, 10, 14, 32)
MEMBER = 13800138000
OFFERS = [
    Offer(
        {
            "id": n, "label": {"en": "Offer %d" % n}, "category": "wash", "discount": {"vip": {"percent": 20}},
            "limit": {"count": 1, "per": "day"},
        }
    )
    for n in (1, 2)
]  # fmt: skip


class Counter:
    """Stands for the terminal and its parts; journal, pages and texts are the real ones."""

    level = 0
    key = KEY
    version = 9
    source = 1
    merchant_id = "WASH"
    wrong_pins = 0
    wrong_pin_at = 0
    second = 0

    def __init__(self):
        till.Till = TILL
        overlay.drop = lambda *names: None  # others hold on to these modules
        self.glass = Glass()
        self.screens = Screens(self.glass, English())
        self.signals = self.clock = self.settings = self.lists = self.courier = self.refusals = self
        self.time = NOW
        self.pin = pin.proof(KEY, pin.digest("WASH", "246810"))
        self.heard = None
        self.wakes = 0
        self.journal = Journal(Partition(NorFlash(6)), Sealer(KEY), lambda above: above + 1)
        self.desk = Desk(self)

    def now(self):
        return self.time

    def online(self):
        return True

    def list_is_old(self):
        return False

    def give(self, name):
        self.heard = name

    def dark(self):
        pass

    def tick(self):
        pass

    def wake(self):
        self.wakes += 1

    def catalogue(self):
        return self

    def offer(self, number):
        return {1: OFFERS[0], 2: OFFERS[1]}.get(number)

    # What a test does

    def redeemed(self, member=MEMBER, offer=1, time=NOW - 600, kind=REDEMPTION, flags=0, tier=2):
        return self.journal.append(Record(kind, 0, 0, time, 1, flags, 202612, member, tier, offer, 7, 3, 10000, 8000, 0, 0, 0, 0))

    def hold(self, key):
        self.desk.key("press", key)
        self.desk.key("hold", key)

    def press(self, keys):
        for key in keys:
            self.desk.key("press", key)

    def seconds(self, count):
        for _ in range(count):
            if self.time is not None:
                self.time += 1
            self.second += 1
            self.desk.tick()

    def rows(self):
        return [self.glass[0].strip(), self.glass[1].strip()]

    def used(self, offer):
        return asyncio.run(_history(self.journal, MEMBER, offer, self.time))[0]


def test_the_keys_to_hold_are_told_to_who_presses_them():
    t = Counter()
    t.press("#")
    assert t.rows() == ["Key the number", "1s: #menu *state"]
    t.hold("#")
    assert t.rows()[0].startswith("1Recent")
    t.press("*")
    assert t.rows()[0] == "Member number?" and t.desk.page is None and not t.is_busy


def test_recent_goes_back_one_by_one_and_begins_again():
    t = Counter()
    t.redeemed(13800138001, time=NOW - 90000)
    t.redeemed(0, kind=DATE_SET)
    t.redeemed(13800138002)
    t.hold("#")
    t.press("1")
    assert t.rows() == ["138****8002", "14:22 No 3"]
    t.seconds(2)
    assert t.rows() == ["Offer 1", "#older *  0void"]
    t.press("#")
    assert t.rows() == ["138****8001", "12-09 No 1"]
    t.press("#")
    assert t.rows() == ["No more", "#again     *back"]
    t.press("#")
    assert t.rows() == ["138****8002", "14:22 No 3"]
    t.press("*")
    assert t.desk.page is None


def test_no_more_than_twenty_are_shown():
    t = Counter()
    for n in range(150):
        t.redeemed(13800138000 + n)
    t.hold("#")
    t.press("1")
    for n in range(20):
        assert t.rows()[1] == "14:22 No %d" % (150 - n)
        t.press("#")
    assert t.rows()[0] == "No more"


def test_nothing_to_show_says_so():
    t = Counter()
    t.hold("#")
    t.press("1")
    assert t.rows() == ["Nothing saved", "yet"]
    t.press("0")
    assert t.heard == "error" and t.desk.page


def test_a_void_names_its_redemption_and_gives_the_unit_back():
    t = Counter()
    t.redeemed()
    t.redeemed(13900139000)
    assert t.used(OFFERS[0]) == 1
    t.hold("#")
    t.press("1#0")
    assert t.rows()[0] == "Supervisor PIN?"
    t.press("246810#")
    assert t.rows() == ["VOIDED No 1", "138****8000"] and t.heard == "saved" and t.wakes == 1
    void = next(t.journal.last(1))
    assert (void.kind, void.link_epoch, void.link, void.sequence) == (VOID, 1, 1, 3)
    assert (void.member, void.offer, void.tier, void.amount, void.price, void.offer_version) == (MEMBER, 1, 2, 10000, 8000, 7)
    assert void.time == NOW and t.used(OFFERS[0]) == 0
    t.press("#")
    assert t.rows()[0] == "138****8000 VOID"


def test_a_redemption_is_taken_back_once():
    t = Counter()
    t.redeemed()
    t.hold("#")
    t.press("10246810#")
    for begin in ("*0", "*#1"):
        t.press(begin[0])
        if begin[1] == "#":
            t.press("*")
            t.hold("#")
            t.press("1")
        t.press("0")
        assert t.rows() == ["Already void", "No 1"]
    assert t.journal.sequence == 2
    # Another redemption of the same member is another matter.
    t.press("**")
    t.redeemed()
    t.hold("#")
    t.press("10246810#")
    assert t.rows()[0] == "VOIDED No 3" and t.journal.sequence == 4


def test_a_wrong_pin_voids_nothing_and_leaving_does_not_shorten_the_wait():
    t = Counter()
    t.redeemed()
    t.hold("#")
    t.press("101234#")
    assert t.rows() == ["PIN wrong", "Wait 2 s"]
    t.press("246810#")
    assert t.rows()[0] == "PIN wrong"
    t.press("*0")
    assert t.rows()[0] == "PIN wrong", "still waiting"
    t.seconds(3)
    assert t.rows()[0] == "Supervisor PIN?"
    t.press("1234#")
    assert t.rows() == ["PIN wrong", "Wait 4 s"] and t.journal.sequence == 1
    t.seconds(5)
    t.press("246810#")
    assert t.rows()[0] == "VOIDED No 1" and t.wrong_pins == 0


def test_without_pin_or_clock_there_is_no_void():
    t = Counter()
    t.redeemed()
    t.pin = ""
    t.hold("#")
    t.press("10")
    assert t.rows()[0] == "No PIN is set"
    t.press("#")
    assert t.journal.sequence == 1
    t.press("*")
    t.time = None
    t.press("0")
    assert t.rows()[0] == "Clock not set" and t.journal.sequence == 1


def test_what_could_not_be_saved_is_never_called_void():
    t = Counter()
    t.redeemed()
    t.hold("#")
    t.press("10")

    def fails(record):
        raise OSError(5)

    t.journal.append = fails
    t.press("246810#")
    assert t.rows()[0] == "NOT SAVED"


def test_a_menu_left_alone_goes():
    t = Counter()
    t.redeemed()
    for keys, after in (("", 60), ("1", 60), ("10", 120)):
        t.hold("#")
        t.press(keys)
        t.seconds(after)
        assert t.desk.page is None, keys
