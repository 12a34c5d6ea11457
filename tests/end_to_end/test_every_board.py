"""Each board of `board_configs/`: built, booted, and a member checked and redeemed through its own keypad and display."""

from __future__ import annotations

import pytest

from host_tools import boards
from host_tools.stand.cashier import Cashier
from host_tools.stand.screens import Words
from tests.end_to_end.conftest import alive
from tests.end_to_end.shop import Shop

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", boards.names())
def test_a_member_is_checked_and_redeemed(shop: Shop, name: str) -> None:
    board = boards.load(name)
    terminal, bench = shop.bench(board_name=name)
    cashier = Cashier(bench, words=Words(board.display.language, board.display.kind))
    member = shop.member()
    try:
        cashier.switch_on()
        assert len(bench.lcd) == board.display.rows
        cashier.wait_list()  # by the service menu, which `*` opens where there is no D
        assert cashier.check(member).reason == "valid"
        assert cashier.redeem() == 1
        cashier.leave()
        stored = shop.wait_records(terminal, 1)
        assert str(stored[0].member) == member
        # The same without the network, from the list in its own flash.
        bench.network(False)
        cashier.wait_idle(online=False)
        assert cashier.check(shop.member()).reason == "valid"
        assert cashier.redeem() == 2
        cashier.leave()
        bench.network(True)
        assert len(shop.wait_records(terminal, 2)) == 2
    finally:
        bench.close()
    alive(bench)
