"""A terminal that has lost the time, far from any network: a supervisor keys the date, and the records say so."""

from __future__ import annotations

import time
from collections.abc import Callable

from central.marks import CLOCK_UNPROVED
from host_tools.stand import screens
from host_tools.stand.cashier import Cashier
from protocol.record import CLOCKS, DATE_SET, REDEMPTION
from tests.end_to_end.conftest import Counter
from tests.end_to_end.shop import PIN, VIP, Shop

Open = Callable[..., Counter]
SUPERVISOR = CLOCKS.index("supervisor")


def _date(unix: float) -> str:
    """As it is keyed: YYYYMMDDhhmm in China Standard Time."""
    return time.strftime("%Y%m%d%H%M", time.gmtime(unix + 8 * 3600))


def test_supervisor_keys_the_date(shop: Shop, counter: Open) -> None:
    at = counter()
    at.cashier.wait_list()
    at.wait_settings_kept()
    at.bench.power_cut()
    at.bench.network(False)
    at.bench.clock_chip(None)
    at.bench.power_on()
    at.cashier.wait("idle_unset")
    at.cashier.number(VIP)
    assert at.cashier.verdict_after("#").reason == "clock_unset"
    at.cashier.keys("*")
    at.cashier.wait("idle_unset")

    at.bench.hold("*", 1200)
    at.cashier.wait("status_network")
    at.cashier.keys("0")
    at.cashier.wait("pin")
    at.cashier.keys("1234#")
    at.cashier.wait("pin_wrong", seconds=2)
    at.cashier.wait("pin", 10)
    at.cashier.keys(f"{PIN}#")
    at.cashier.wait("date")
    # Before the terminal was built: that cannot be.
    at.cashier.keys("202001010000#")
    at.cashier.wait("date_wrong")
    now = time.time()
    at.cashier.keys("#")
    at.cashier.keys(_date(now))
    at.cashier.keys("#")
    at.cashier.wait("date_set")
    at.cashier.wait_idle(online=False)

    member = shop.member()
    assert at.cashier.check(member).reason == "valid"
    assert at.cashier.redeem() == 2
    # What has been set by hand survives the power: the clock chip has it. So does what was saved last.
    at.bench.power_cut()
    at.bench.power_on()
    shown = at.cashier.wait("last", 10)
    assert screens.fits(screens.SCREENS["last"], shown, {"sequence": 2})
    at.bench.network(True)
    rows = shop.wait_records(at.terminal, 2)
    assert [row.kind for row in rows] == [DATE_SET, REDEMPTION]
    assert all(row.clock == SUPERVISOR and abs(row.time - now) < 120 for row in rows)
    assert rows[1].marks & CLOCK_UNPROVED
    assert rows[1].member == int(member)


def test_language_and_sound_outlive_the_power(counter: Open) -> None:
    at = counter()
    at.wait_settings_kept()
    chinese = Cashier(at.bench, words=screens.Words("zh", "hd44780"))
    at.bench.hold("*", 1200)
    at.cashier.wait("status_network")
    at.cashier.keys("######")
    at.cashier.wait("service_keys")
    at.cashier.keys("1")
    at.cashier.wait("pin")
    at.cashier.keys(f"{PIN}#")
    at.cashier.wait("preferences", sound="full")
    at.cashier.keys("2")
    at.cashier.wait("preferences", sound="quiet")
    at.cashier.keys("1")
    chinese.wait("preferences", sound="LOW")
    chinese.keys("*")
    chinese.wait_idle()
    at.bench.power_cut()
    at.bench.power_on()
    chinese.wait_idle(online=True)
    since = at.bench.events.position
    chinese.keys("1")
    at.bench.hold("*", 100)
    assert not [event for event in at.bench.events.since(since) if "beep" in event], "a quiet terminal does not click"


def test_the_network_in_words(counter: Open) -> None:
    at = counter()
    at.bench.hold("*", 1200)
    at.cashier.wait("status_network")
    at.cashier.keys("2")
    at.cashier.wait("network", ssid="bench", cause="Centre answers")
    at.bench.network(False)
    at.cashier.wait("network", 20, cause="No such network")
    at.cashier.keys("*")
    at.cashier.wait_idle(online=False)
