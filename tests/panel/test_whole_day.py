"""A cashier's day from sign-in to the close, as README.zh-CN.md tells it, by mouse in Chinese and by keyboard in English.

By its name after the panel's other tests: they redeem the same members' offers and do not expect to be asked "again?".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from central import demo
from host_tools.stand.demo_shop import DemoShop
from tests.panel.counter import Counter

Counters = Callable[..., list[Counter]]
Screenshot = Callable[[Page, str], None]
VIP, ORDINARY, TRIAL = "13800138000", "13900139000", "13700137000"
_FIRST = ("Member number?", "请输入会员手机号")
_SIGNED_OUT = ("Sign in: PIN?", "请收银员登录")


@pytest.fixture
def staffed(counters: Counters, shop: DemoShop) -> Iterator[list[Counter]]:
    """At both terminals a cashier has to sign in; after the test nobody has to."""
    made = counters()
    database = shop.centre.database()
    try:
        demo.staff(database, True)
        for counter in made:
            counter.shows(*_SIGNED_OUT)
            counter.has_list()
        yield made
        demo.staff(database, False)
        for counter in made:
            counter.click("*")
            counter.shows(*_FIRST)
    finally:
        demo.staff(database, False)
        database.dispose()


def test_what_the_chinese_readme_says_a_new_cashier_does(staffed: list[Counter], screenshot: Screenshot) -> None:
    """Each key is pressed only when the glass names it."""
    counter = staffed[1]
    counter.shows("按您的PIN")
    counter.click(demo.CASHIERS[1])
    counter.shows("# 确认")
    counter.click("#")
    counter.shows("请按会员手机号")
    screenshot(counter.page, "panel-signed-in")
    for number in (VIP, ORDINARY, TRIAL):
        counter.click(number)
        counter.shows("# 确认")
        counter.click("#")
        counter.shows("# 对")
        counter.click("#")
        counter.shows("# 核销")
        counter.click("#")
        # A test before may have redeemed the same member's offer.
        if "已保存" not in counter.shows("已保存", "# 是"):
            counter.click("#")
            counter.shows("已保存")
    counter.click("*")
    counter.shows("请输入会员手机号")
    counter.hold("#", 1300)
    counter.shows("1 最近记录")
    counter.click("1")
    counter.shows("0冲正", "0 冲正")
    counter.click("0")
    counter.shows("请店长输入PIN")
    counter.click(demo.PIN)
    counter.shows("# 确认")
    counter.click("#")
    counter.shows("已冲正")
    screenshot(counter.page, "panel-void")
    counter.shows("0冲正", "0 冲正")
    counter.click("*")
    counter.shows("请输入会员手机号")
    counter.waits(0)
    counter.hold("#", 1300)
    counter.shows("2 合计和日结")
    counter.click("2")
    counter.shows("0日结", "0 日结")
    counter.click("0")
    counter.shows("相符")
    screenshot(counter.page, "panel-day-closed")
    counter.click("*")
    counter.shows("请收银员登录")


def test_a_day_by_keyboard(staffed: list[Counter]) -> None:
    counter = staffed[0]
    counter.place.locator("h2").click()
    counter.type("9999#")
    counter.shows("PIN wrong")
    counter.shows("#ok")
    counter.type(demo.CASHIERS[2] + "#")
    counter.shows("Cashier 2")
    counter.type(TRIAL + "#")
    counter.shows("10620007")
    counter.type("#")
    counter.shows("OK TRIAL")
    counter.type("#")
    if "SAVED" not in counter.shows("SAVED", "Again?"):
        counter.type("#")
        counter.shows("SAVED")
    counter.type("*")
    counter.shows("Member number?")
    counter.hold_down("#", 1300)
    counter.shows("2Totals")
    counter.type("1")
    counter.shows("0void")
    counter.type("0")
    counter.shows("Supervisor PIN?")
    counter.type(demo.PIN + "#")
    counter.shows("VOIDED")
    counter.shows("0void")
    counter.type("*")
    counter.shows("Member number?")
    counter.waits(0)
    counter.hold_down("#", 1300)
    counter.shows("4Sign out")
    counter.type("2")
    counter.shows("0close")
    counter.type("0")
    counter.shows("AGREES", "DIFFERS")
    counter.type("*")
    counter.shows("Sign in: PIN?")
