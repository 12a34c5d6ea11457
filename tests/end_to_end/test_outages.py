"""Broker, centre and power go at the worst moments: what the display called saved is at the centre, once."""

from __future__ import annotations

from collections.abc import Callable

from protocol.record import ONLINE
from tests.end_to_end.conftest import Counter
from tests.end_to_end.shop import Shop

Open = Callable[..., Counter]


def test_broker_stops_and_returns(shop: Shop, counter: Open) -> None:
    first, second, third = shop.member(), shop.member(), shop.member()
    at = counter()
    at.cashier.wait_list()
    assert at.cashier.check(first).reason == "valid"
    at.cashier.redeem()
    shop.wait_records(at.terminal, 1)
    at.cashier.leave()
    shop.stop_broker()
    try:
        at.cashier.wait_idle(online=False)
        for member, sequence in ((second, 2), (third, 3)):
            shown = at.cashier.check(member)
            assert shown.reason == "valid"
            assert shown.rows[1].rstrip().endswith("list")
            assert shown.ms <= 1000
            assert at.cashier.redeem() == sequence
            at.cashier.leave(online=False)
    finally:
        shop.start_broker()
    at.cashier.wait_idle(online=True)
    rows = shop.wait_records(at.terminal, 3)
    assert [row.member for row in rows] == [int(first), int(second), int(third)]
    assert [row.flags & ONLINE for row in rows] == [ONLINE, 0, 0]
    assert all(row.list_version for row in rows[1:])
    at.cashier.wait_received()
    shop.wait_records(at.terminal, 3)


def test_centre_killed_between_commit_and_receipt(shop: Shop, counter: Open) -> None:
    member = shop.member()
    shop.centre.stop()
    shop.centre.start(fault="after-commit")
    at = counter()
    try:
        assert at.cashier.check(member).reason == "valid"
        at.cashier.redeem()
        assert shop.centre.wait(10) == -9
        # Committed, and the terminal does not know it.
        assert len(shop.records(at.terminal)) == 1
        at.cashier.leave()
        assert at.cashier.page(0)[1].rstrip() == "Waiting 1"
    finally:
        shop.centre.kill()
        shop.centre.start()
    at.cashier.wait_idle(online=True)
    at.cashier.wait_received(20)
    shop.wait_records(at.terminal, 1)
    with shop.database.read() as connection:
        from central import incidents

        assert not [row for row in incidents.listing(connection) if row["terminal"] == at.terminal]


def test_power_lost_right_after_saved(shop: Shop, counter: Open) -> None:
    at = counter()
    members = [shop.member(), shop.member()]
    assert at.cashier.check(members[0]).reason == "valid"
    at.cashier.keys("#")
    at.bench.wait_lcd("SAVED")
    at.bench.power_cut()
    at.cashier.switch_on(online=True)
    shop.wait_records(at.terminal, 1)
    # Once more, with nobody to send it to: only the flash can know of this one.
    at.cashier.wait_list()
    at.bench.network(False)
    at.cashier.wait_idle(online=False)
    assert at.cashier.check(members[1]).reason == "valid"
    at.cashier.keys("#")
    at.bench.wait_lcd("SAVED")
    at.bench.power_cut()
    at.cashier.switch_on(online=None)
    assert "#2" in at.cashier.page(3)[0]
    assert len(shop.records(at.terminal)) == 1
    at.bench.network(True)
    at.cashier.wait_idle(online=True)
    rows = shop.wait_records(at.terminal, 2)
    assert [row.member for row in rows] == [int(member) for member in members]
    at.cashier.wait_received()


def test_sessions_cut_again_and_again(shop: Shop, counter: Open) -> None:
    at = counter()
    for sequence in (1, 2, 3):
        assert at.cashier.check(shop.member()).reason == "valid"
        assert at.cashier.redeem() == sequence
        at.bench.cut_connections()
        at.cashier.leave()
    at.cashier.wait_idle(online=True)
    shop.wait_records(at.terminal, 3)
    at.cashier.wait_received()
