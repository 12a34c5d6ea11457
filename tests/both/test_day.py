"""The cashier's menu and its pages, on a real journal: what stands on the glass, and what is in the records."""

import asyncio

from glass import English, Glass
from nor_flash import NorFlash, Partition

from firmware.terminal import overlay, till
from firmware.terminal.answers import Verdict
from firmware.terminal.checks import _history
from firmware.terminal.desk import Desk
from firmware.terminal.journal import Journal
from firmware.terminal.screens import Screens
from firmware.terminal.terminal import Terminal
from firmware.terminal.today import COUNTING
from protocol import messages, month, pin
from protocol.day import Day, are_totals, begins, date_of, is_date
from protocol.offers import Offer
from protocol.record import DATE_SET, REDEMPTION, TRAINING, VOID, Record, Sealer

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
    cashiers = b""
    cashier = second = 0
    signed_out = Terminal.signed_out

    def __init__(self):
        till.Till = TILL
        overlay.drop = lambda *names: None  # others hold on to these modules
        self.glass = Glass()
        self.screens = Screens(self.glass, English())
        self.signals = self.clock = self.settings = self.lists = self.courier = self.refusals = self
        self.time = NOW
        self.wrong_pins = [0, 0, 0, 0]
        self.pin = pin.proof(KEY, pin.digest("WASH", "246810"))
        self.heard = None
        self.wakes = 0
        self.sent = []
        self.closed = None
        self.connected = True
        self.journal = Journal(Partition(NorFlash(6)), Sealer(KEY), lambda above: above + 1)
        self.desk = Desk(self)

    def now(self):
        return self.time

    def online(self):
        return self.connected

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

    def tier_label(self, code):
        return {"en": "VIP"}, "vip"

    def send(self, name, body):
        self.sent.append((name, messages.decode(name, body)))

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

    def open_today(self):
        """The totals, counted."""

        async def counting():
            self.hold("#")
            self.press("2")
            await self.counted()

        asyncio.run(counting())

    async def counted(self):
        for _ in range(500):
            await asyncio.sleep(0)
            if self.desk.page and self.desk.page.state != COUNTING:
                return
        raise AssertionError("still counting")

    def received(self):
        """The centre has all of the journal."""
        self.journal.receipt(1, self.journal.sequence, self.journal.chain)

    def answered(self, **other):
        """The centre's answer to the last close, the same as was told but for ``other``."""
        told = self.sent[-1][1]
        fields = {"missing": []}
        for name in ("day", "paid", "returned", "totals"):
            fields[name] = told[name]
        fields.update(other)
        self.closed = messages.decode("closed", messages.encode("closed", **fields))

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
    assert t.rows()[0] == "VOIDED No 1" and t.wrong_pins[0] == 0


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


def a_day():
    t = Counter()
    t.redeemed(time=NOW - 86400)
    t.redeemed()
    t.redeemed(13900139000, offer=2)
    t.redeemed(13900139000, tier=1)
    t.redeemed(kind=VOID)
    t.redeemed(flags=TRAINING)
    t.redeemed(0, kind=DATE_SET)
    return t


def test_totals_by_offer_and_tier_of_today_and_yesterday():
    t = a_day()
    t.open_today()
    assert t.rows() == ["12-10 3 -1", "#more *  0close"]
    t.seconds(2)
    assert t.rows() == ["¥160.00", "1 other day"]
    t.press("#")
    assert t.rows() == ["Offer 1", "VIP 1 -0"]
    t.press("#")
    assert t.rows() == ["Offer 1", "VIP 1 -1"]
    t.press("##")

    async def other():
        t.press("1")
        await t.counted()

    asyncio.run(other())
    assert t.rows() == ["12-09 1 -0", "#more *  0close"]
    asyncio.run(other())
    assert t.rows()[0] == "12-10 3 -1"


def test_a_day_that_agrees_is_closed():
    t = a_day()
    t.open_today()
    t.press("0")
    assert t.rows() == ["Closing the day", "Sending 7"] and not t.sent
    t.received()
    t.seconds(1)
    name, fields = t.sent[0]
    assert name == "day" and (fields["day"], fields["epoch"], fields["first"], fields["upto"]) == (20261210, 1, 2, 7)
    assert fields["totals"] == {"1/1": [1, 0], "1/2": [1, 1], "2/2": [1, 0]}
    assert (fields["paid"], fields["returned"]) == (24000, 8000)
    t.answered()
    t.seconds(1)
    assert t.rows() == ["AGREES 3 -1", "12-10 closed"] and t.heard == "saved"
    t.press("*")
    assert t.closed is None and t.desk.page is None


def test_what_differs_is_named():
    t = a_day()
    t.open_today()
    t.received()
    t.press("0")
    t.answered(missing=[[3, 4]], totals={"1/2": [1, 0], "2/2": [1, 0]}, paid=16000)
    t.seconds(1)
    assert t.rows() == ["DIFFERS 3-1", "#what      *back"] and t.heard == "invalid"
    t.press("#")
    assert t.rows() == ["Centre has not", "No 3-4"]
    t.press("#")
    assert t.rows() == ["Offer 1", "VIP 1/0"]
    t.press("#")
    assert t.rows() == ["Offer 1", "VIP -1/-0"]
    t.press("#")
    assert t.rows()[0] == "DIFFERS 3-1"


def test_only_the_money_differs():
    t = a_day()
    t.open_today()
    t.received()
    t.press("0")
    t.answered(returned=0)
    t.seconds(1)
    t.press("#")
    assert t.rows() == ["Here 160.00", "Ctr. 240.00"]


def test_an_answer_that_makes_no_sense_closes_nothing():
    t = a_day()
    t.open_today()
    t.received()
    t.press("0")
    t.answered(totals={"x": "y", "1/2": [[], {}], "2/2": 7}, missing=[7, [[], {}], [1, 2, 3]])
    t.seconds(12)
    assert t.rows()[0] == "No answer"
    t.press("#0")
    t.answered(missing=[7, [[], {}], [1, 2, 3]])
    t.seconds(1)
    for _ in range(8):
        t.press("#")
    assert t.rows()[0] != "AGREES 3 -1"


def test_offline_unsent_and_unanswered_a_day_stays_open():
    t = a_day()
    t.open_today()
    t.connected = False
    t.press("0")
    assert t.rows() == ["Offline: close", "the day later"]
    t.press("#")
    assert t.rows()[0] == "12-10 3 -1"
    t.connected = True
    t.press("0")
    t.seconds(30)
    assert t.rows() == ["7 not sent", "Close later"] and not t.sent
    t.press("#")
    t.received()
    t.press("0")
    t.seconds(12)
    assert t.rows() == ["No answer", "Close later"] and len(t.sent) == 3
    t.answered()
    t.seconds(1)
    assert t.rows() == ["No answer", "Close later"], "too late"


def test_totals_are_counts_by_offer_and_tier():
    assert are_totals({}) and are_totals({"1/2": [0, 4294967295], "65535/255": [1, 0]})
    for name in ("", "1", "/", "1/", "/2", "65536/1", "1/256", "-1/2", "1/2/3", "1 /2", "\u0661/2"):
        assert not are_totals({name: [1, 0]}), name
    for counts in (None, 1, [], [1], [1, 2, 3], [1, -1], [True, 0], ["1", 0], [1, 1 << 32], {}):
        assert not are_totals({"1/2": counts}), counts


def test_days_are_cst():
    assert begins(20261210) == month.unix(2026, 12, 10) and date_of(begins(20261210) - 1) == 20261209
    assert is_date(20240229) and not is_date(20250229) and not is_date(20261301) and not is_date(20261100)
    day = Day()
    day.add(REDEMPTION, 1, 2, 3, 600)
    assert day.sums() == (3, 0) and day.differing({"1/2": [3, 0]}) == [] and day.differing({"2/1": [1, 0]}) == ["1/2", "2/1"]


def test_training_is_told_everywhere_and_counts_nowhere():
    t = a_day()
    t.redeemed(13700137000, flags=TRAINING)
    t.hold("#")
    t.press("3")
    assert t.rows() == ["TEST: training", "nothing counts"]
    t.press("#")
    assert t.rows()[0] == "TEST: number?" and t.desk.page is None
    t.screens.show("saved", sequence=7, masked="138****8000", percent=20)
    assert t.rows() == ["TEST No 7", "138****8000 -20%"]
    t.screens.show_reason("not_member")
    assert t.rows() == ["NO not a member", "TEST"]
    t.screens.show("valid", tier=t.screens.word("trained"), percent=20, path="")
    assert t.rows() == ["OK TEST -20%", "#save  *no"]
    t.screens.show("valid_price", tier="VIP", nth="", price="1.00", path="")
    assert t.rows()[1].endswith("TEST")
    verdict = Verdict("13800138000", 202612, 1, "valid", 2, 0, 3)
    till.Till(t).redeem(verdict, False)
    assert next(t.journal.last(1)).flags == TRAINING
    t.hold("#")
    t.press("3")
    assert t.rows()[0] == "Training is over"
    t.seconds(4)
    assert t.rows()[0] == "Member number?" and t.desk.page is None
    till.Till(t).redeem(verdict, False)
    assert next(t.journal.last(1)).flags == 0


def test_training_takes_back_training_alone():
    t = Counter()
    t.redeemed()
    t.redeemed(flags=TRAINING)
    t.hold("#")
    t.press("1")
    assert t.rows()[0] == "138****8000 TEST"
    t.press("0")
    assert t.rows() == ["In training only", "training is void"]
    t.press("**")
    t.hold("#")
    t.press("3#")
    t.hold("#")
    t.press("10246810#")
    void = next(t.journal.last(1))
    assert (void.kind, void.link, void.flags) == (VOID, 2, TRAINING)
    t.press("*#0")
    assert t.rows()[0] == "In training only" and t.journal.sequence == 3
