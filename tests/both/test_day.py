"""The cashier's day: its totals, its close, and training, which counts in neither."""

import asyncio

from menu_counter import NOW, Counter

from firmware.terminal import till
from firmware.terminal.answers import Verdict
from protocol import month
from protocol.day import Day, are_totals, begins, date_of, is_date
from protocol.record import DATE_SET, REDEMPTION, TRAINING, VOID


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
    for name in (None, 1, True, b"1/2"):  # which MicroPython's JSON may give
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
