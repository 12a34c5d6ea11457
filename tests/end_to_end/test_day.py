"""A cashier's working day beside the customers: what was redeemed, and what is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable

import sqlalchemy as sa
from click.testing import CliRunner

from central import schema
from host_tools.commands import redemptions, terminals
from host_tools.stand import screens
from protocol.member import masked
from protocol.record import REDEMPTION, TRAINING, VOID
from tests.end_to_end.conftest import Counter
from tests.end_to_end.shop import MARKET, PIN, Shop

Open = Callable[..., Counter]


def _limited(at: Counter, member: str) -> str:
    """Ask for the offer that a member may have once a day; the verdict's reason."""
    at.cashier.number(member)
    at.cashier.keys("#")
    at.cashier.wait("month")
    at.cashier.keys("#")
    at.cashier.wait("offer")
    return at.cashier.verdict_after("2").reason


def _menu(at: Counter, digit: str) -> None:
    at.bench.hold("#", 1200)
    at.cashier.wait("day_menu")
    at.cashier.keys(digit)


def test_what_is_taken_back_is_linked_at_the_centre_and_can_be_redeemed_again(shop: Shop, counter: Open) -> None:
    member, at = shop.member(), counter(MARKET)
    at.cashier.wait_list()
    assert _limited(at, member) == "valid"
    assert at.cashier.redeem() == 1
    at.cashier.leave()
    shop.wait_records(at.terminal, 1)
    assert _limited(at, member) == "limit_reached"
    at.cashier.leave()

    _menu(at, "1")
    at.cashier.wait("recent", masked=masked(member), sequence=1)
    at.cashier.keys("0")
    at.cashier.wait("pin")
    at.cashier.keys(f"{PIN}#")
    at.cashier.wait("voided", sequence=1)
    at.cashier.keys("*")
    at.cashier.wait("recent", masked=masked(member), mark="VOID")
    at.cashier.keys("0")
    at.cashier.wait("void_twice")
    at.cashier.keys("**")
    at.cashier.wait_idle()

    redemption, void = shop.wait_records(at.terminal, 2)
    assert (redemption.kind, redemption.voided) == (REDEMPTION, True)
    assert (void.kind, void.link_epoch, void.link) == (VOID, redemption.epoch, 1)
    assert (void.member, void.offer, void.merchant) == (int(member), 2, MARKET)
    asked = ["--data", str(shop.centre.data), "--terminal", at.terminal]
    shown = CliRunner().invoke(redemptions.command, asked).output.splitlines()
    assert "void" in shown[-2] and f"{redemption.epoch}/2" in shown[-2] and "redemption" in shown[-1]

    # Online and alone the unit is free again.
    assert _limited(at, member) == "valid"
    at.cashier.leave()
    at.bench.network(False)
    at.cashier.wait_idle(online=False)
    assert _limited(at, member) == "valid"
    at.cashier.redeem()


def test_a_day_is_counted_and_closed(shop: Shop, counter: Open) -> None:
    at = counter()
    at.cashier.wait_list()
    at.bench.network(False)
    at.cashier.wait_idle(online=False)
    for _ in range(2):
        at.cashier.check(shop.member())
        at.cashier.redeem()
        at.cashier.leave()
    _menu(at, "2")
    at.cashier.wait("today", count=2, voids=0)
    at.cashier.keys("#")
    at.cashier.wait("today_offer", label="Wash pass", tier="VIP", count=2)
    at.cashier.keys("0")
    at.cashier.wait("close_offline")
    at.cashier.keys("*")
    at.cashier.wait_idle(online=False)

    at.bench.network(True)
    at.cashier.wait_idle(online=True)
    _menu(at, "2")
    at.cashier.wait("today", count=2)
    at.cashier.keys("0")
    at.cashier.wait("close_agrees", 30, count=2, voids=0)
    at.cashier.keys("*")
    at.cashier.wait_idle()
    asked = ["days", "--data", str(shop.centre.data), "--terminal", at.terminal, "--json"]
    (closed,) = json.loads(CliRunner().invoke(terminals.command, asked).output)
    assert closed["agrees"] and list(closed["told"]["totals"].values()) == [[2, 0]]
    assert closed["held"]["totals"] == closed["told"]["totals"]

    # A record that the centre has lost is named.
    with shop.database.write() as connection:
        connection.execute(
            sa.delete(schema.records).where(schema.records.c.terminal == at.terminal, schema.records.c.sequence == 1)
        )
    _menu(at, "2")
    at.cashier.wait("today", count=2)
    at.cashier.keys("0")
    at.cashier.wait("close_differs", 30)
    at.cashier.keys("#")
    at.cashier.wait("differs_missing", first=1, sequence=1)
    at.cashier.keys("#")
    at.cashier.wait("differs", tier="VIP", count=2, count2=1)


def test_training_counts_nowhere_and_ends_with_the_power(shop: Shop, counter: Open) -> None:
    member, at = shop.member(), counter(MARKET)
    at.cashier.wait_list()
    at.wait_settings_kept()
    _menu(at, "3")
    at.cashier.wait("training_on")
    at.cashier.keys("*")
    at.cashier.wait("idle_training")
    for sequence in (1, 2):  # once a day is no limit here
        assert _limited(at, member) == "valid"
        assert at.bench.lcd == screens.screen("valid", tier="TEST", percent=20, path="list")
        at.cashier.keys("#")
        at.cashier.still(lambda rows, number=sequence: rows[0].rstrip() == f"TEST No {number}")  # type: ignore[misc]
        at.cashier.keys("*")
        at.cashier.wait("idle_training")
    _menu(at, "2")
    at.cashier.wait("today", count=0, voids=0)
    at.bench.power_cut()
    at.cashier.switch_on()
    assert _limited(at, member) == "valid"
    assert at.cashier.redeem() == 3
    rows = shop.wait_records(at.terminal, 3)
    assert [bool(row.flags & TRAINING) for row in rows] == [True, True, False]
    at.cashier.leave()
    assert _limited(at, member) == "limit_reached"
