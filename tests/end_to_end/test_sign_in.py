"""Cashiers who sign in by PIN: nothing is redeemed before, and everything says who did it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from central import cashiers, catalog
from host_tools import boards
from host_tools.commands import redemptions, terminals
from host_tools.stand.cashier import Cashier
from host_tools.stand.screens import Words
from protocol.record import REDEMPTION, VOID
from tests.end_to_end.conftest import Counter
from tests.end_to_end.shop import OFFERS, PIN, WASH, Shop

Open = Callable[..., Counter]
PINS = {3: "1357", 12: "97531"}


def _staffed(shop: Shop, merchant: str) -> str:
    """A merchant whose cashiers sign in."""
    with shop.database.write() as connection:
        catalog.put_merchant(connection, merchant, {"en": merchant.title()}, "wash")
        catalog.put_offer(connection, merchant, OFFERS[WASH][0])
        catalog.set_pin(connection, merchant, PIN, "test")
        for number, pin in PINS.items():
            cashiers.set_pin(connection, merchant, number, pin, "test")
    return merchant


def _at_work(counter: Open, merchant: str) -> Counter:
    """At its first screen, which asks for a sign-in once the settings have come."""
    at = counter(merchant)
    at.cashier.wait("idle_signed_out", 20)
    at.cashier.wait_list()
    return at


def _menu(at: Counter, digit: str) -> None:
    at.bench.hold("#", 1200)
    at.cashier.wait("day_menu")
    at.cashier.keys(digit)


def test_a_shift_from_sign_in_to_the_close_of_the_day(shop: Shop, counter: Open) -> None:
    at = _at_work(counter, _staffed(shop, "STAFFED"))
    at.bench.hold("#", 1200)
    at.cashier.wait("help_signed_out")
    at.cashier.keys("1111#")
    at.cashier.wait("pin_wrong", seconds=2)
    at.cashier.keys("*")
    at.cashier.wait("idle_signed_out")
    at.cashier.keys("1")
    at.cashier.wait("sign_in", 10)
    at.cashier.keys("*")
    assert at.cashier.sign_in(PINS[3]) == 3

    member = shop.member()
    assert at.cashier.check(member).reason == "valid"
    assert at.cashier.redeem() == 1
    at.cashier.leave()
    _menu(at, "1")
    at.cashier.wait("recent", sequence=1)
    at.cashier.keys("0")
    at.cashier.wait("pin")
    at.cashier.keys(f"{PIN}#")
    at.cashier.wait("voided", sequence=1)
    at.cashier.keys("**")
    at.cashier.wait("idle")

    # The next shift.
    at.bench.hold("#", 1200)
    at.cashier.wait("day_menu_out", cashier=3)
    at.cashier.keys("4")
    at.cashier.wait("idle_signed_out")
    assert at.cashier.sign_in(PINS[12]) == 12
    at.cashier.check(shop.member())
    assert at.cashier.redeem() == 3
    at.cashier.leave()

    rows = shop.wait_records(at.terminal, 3)
    assert [(row.kind, row.cashier) for row in rows] == [(REDEMPTION, 3), (VOID, 3), (REDEMPTION, 12)]
    asked = ["--data", str(shop.centre.data), "--terminal", at.terminal]
    assert "\t12\t" in CliRunner().invoke(redemptions.command, asked).output.splitlines()[1]

    _menu(at, "2")
    at.cashier.wait("today", count=2, voids=1)
    at.cashier.keys("0")
    at.cashier.wait("close_agrees", 30, count=2, voids=1)
    at.cashier.keys("*")
    at.cashier.wait("idle_signed_out")
    (closed,) = json.loads(CliRunner().invoke(terminals.command, ["days", *asked, "--json"]).output)
    assert closed["agrees"] and closed["cashier"] == 12


def test_the_power_and_the_centre_sign_out(shop: Shop, counter: Open) -> None:
    merchant = _staffed(shop, "CHANGING")
    at = _at_work(counter, merchant)
    at.wait_settings_kept()
    at.cashier.sign_in(PINS[3])
    at.bench.power_cut()
    at.bench.network(False)
    at.bench.power_on()
    # Offline the PINs are there too.
    at.cashier.wait("idle_signed_out", 20)
    at.cashier.sign_in(PINS[3])
    at.bench.network(True)
    at.cashier.wait_idle(online=True)

    with shop.database.write() as connection:
        cashiers.remove(connection, merchant, 3, "test")
    at.cashier.wait("idle_signed_out", 20)
    at.cashier.keys(f"{PINS[3]}#")
    at.cashier.wait("pin_wrong")
    with shop.database.write() as connection:
        cashiers.remove(connection, merchant, 12, "test")
    at.cashier.keys("*")
    at.cashier.wait("idle", 20)
    assert at.cashier.check(shop.member()).reason == "valid"
    at.cashier.redeem()
    assert [row.cashier for row in shop.wait_records(at.terminal, 1)] == [0]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wt32-eth01-4mb", "esp32-st7920-4mb"])
def test_twelve_keys_and_either_display_do(shop: Shop, counter: Open, name: str) -> None:
    display = boards.load(name).display
    at = counter(_staffed(shop, "BOARDS"), on=False, board_name=name)
    cashier = Cashier(at.bench, words=Words(display.language, display.kind))
    cashier.switch_on()
    cashier.wait("idle_signed_out", 20)
    cashier.keys("1111#")
    cashier.wait("pin_wrong", seconds=2)
    cashier.wait("sign_in", 10)
    assert cashier.sign_in(PINS[12]) == 12
    cashier.keys("*")
    cashier.wait("idle")
    at.bench.hold("#", 1200)
    cashier.wait("day_menu_out", cashier=12)
    cashier.keys("4")
    cashier.wait("idle_signed_out")
