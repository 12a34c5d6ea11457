"""The cashier's menu: what was saved last, and taking one back, on the glass and in the records."""

import asyncio

import asyncio_ms  # noqa: F401 - for CPython
from menu_counter import MEMBER, NOW, OFFERS, Counter

from protocol.record import DATE_SET, TRAINING, VOID


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


def test_without_memory_for_the_next_one_the_page_can_be_left():
    t = Counter()
    t.redeemed()
    t.redeemed()
    t.hold("#")
    t.press("1")
    shown = t.rows()
    catalogue = t.catalogue

    def too_large():
        raise MemoryError

    t.catalogue = too_large
    t.press("#")
    assert t.heard == "error" and t.rows() == shown
    t.press("0")
    assert t.rows() == shown, "nothing is taken back that is not shown"
    t.press("#")
    t.seconds(1)
    assert t.desk.page is None
    t.catalogue = catalogue


def test_a_long_search_takes_turns_with_the_keypad():
    t = Counter()
    t.redeemed()
    for _ in range(100):
        t.redeemed(0, kind=DATE_SET)

    async def searching():
        t.hold("#")
        t.desk.key("press", "1")
        page, rows, turns = t.desk.page, t.rows(), 0
        for key, heard in (("#", None), ("0", "error")):
            t.heard = None
            t.desk.key("press", key)
            assert t.heard == heard and t.rows() == rows
        t.seconds(1)
        assert page.searching and t.rows() == rows, "nothing is said before it is known"
        while page.searching:
            await asyncio.sleep_ms(0)
            turns += 1
        assert turns > 50 and t.rows() == ["138****8000", "14:22 No 1"]

        t.desk.key("press", "#")
        t.desk.key("press", "*")
        rows = t.rows()
        for _ in range(turns + 9):
            await asyncio.sleep_ms(0)
        assert t.desk.page is None and t.rows() == rows, "who has left is shown nothing more"

    asyncio.run(searching())


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
