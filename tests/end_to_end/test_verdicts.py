"""Each verdict of the chain reached through the keypad and read off the display: answered by the centre, and by the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from host_tools.stand.cashier import Cashier
from protocol.reasons import CODES
from tests.end_to_end.conftest import Counter, alive
from tests.end_to_end.shop import MARKET, VIP, Shop
from tests.end_to_end.verdict_cases import CASES, Case, Outcome, expect, go_through, rows_of

Open = Callable[..., Counter]
_BOARDS = 4


@pytest.fixture(scope="module")
def counters(shop: Shop) -> Iterator[list[Counter]]:
    """Four terminals at the merchant with several offers."""
    opened = [Counter(*shop.bench(MARKET)) for _ in range(_BOARDS)]
    yield opened
    for at in opened:
        at.bench.close()
    for at in opened:
        alive(at.bench)


@pytest.fixture(scope="module")
def online(counters: list[Counter]) -> dict[str, Outcome]:
    """The outcome of every case with the network up: a quarter of them on each terminal, all at once."""

    def run(number: int) -> dict[str, Outcome]:
        cashier = counters[number].cashier
        cashier.switch_on()
        cashier.wait_list()
        return go_through(cashier, CASES[number::_BOARDS])

    with ThreadPoolExecutor() as pool:
        return {name: outcome for part in pool.map(run, range(_BOARDS)) for name, outcome in part.items()}


@pytest.fixture(scope="module")
def offline(
    shop: Shop, counters: list[Counter], online: dict[str, Outcome], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Outcome], bytes]]:
    """The outcome of every case without a network, in virtual time, and the flash afterwards."""
    first = counters[0]
    first.bench.power_cut()
    with shop.again(first.terminal, tmp_path_factory.mktemp("offline"), first.bench.flash_image(), virtual=True) as bench:
        bench.network(False)
        bench.clock_chip(datetime.now(UTC))
        cashier = Cashier(bench)
        cashier.switch_on(online=False)
        yield go_through(cashier, CASES), bench.flash_image()
    alive(bench)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_online(online: dict[str, Outcome], case: Case) -> None:
    expect(online[case.name], case.number, case.online, "by_centre")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_offline(offline: tuple[dict[str, Outcome], bytes], case: Case) -> None:
    expect(offline[0][case.name], case.number, case.offline, "by_list")


def test_refusals_reach_the_centre_in_order(
    shop: Shop, counters: list[Counter], offline: tuple[dict[str, Outcome], bytes], tmp_path: Path
) -> None:
    wanted = [[CODES[case.online] for case in CASES[n::_BOARDS] if case.online != "valid"] for n in range(_BOARDS)]
    for at, codes in list(zip(counters, wanted, strict=True))[1:]:
        assert shop.refusals(at.terminal, len(codes)) == codes
    # The first has refused without a network since, in another body: it comes back.
    codes = wanted[0] + [CODES[case.offline] for case in CASES if case.offline != "valid"]
    with shop.again(counters[0].terminal, tmp_path, offline[1]) as bench:
        Cashier(bench).switch_on()
        assert shop.refusals(counters[0].terminal, len(codes)) == codes


def test_limit_is_reached_online_and_offline(shop: Shop, counter: Open) -> None:
    member, at = shop.member(), counter(MARKET)
    at.cashier.wait_list()
    assert at.cashier.check(member, "#2").reason == "valid"
    at.cashier.redeem()
    at.cashier.leave()
    assert at.cashier.check(member, "#2").rows == rows_of("limit_reached", member)
    at.cashier.leave()
    at.bench.network(False)
    at.cashier.wait_idle(online=False)
    assert at.cashier.check(member, "#2").rows == rows_of("limit_reached", member)


def test_suspended_by_the_operator(shop: Shop, counter: Open) -> None:
    at = counter()
    at.cashier.wait_list()
    shop.suspend(at.terminal, True)
    assert at.cashier.check(VIP).rows == rows_of("terminal_suspended", VIP)
    at.cashier.leave()
    at.bench.network(False)
    at.cashier.wait_idle(online=False)
    assert at.cashier.check(VIP).rows == rows_of("terminal_suspended", VIP)
    at.cashier.leave()
    shop.suspend(at.terminal, False)
    at.bench.network(True)
    at.cashier.wait_idle(online=True)
    assert at.cashier.check(VIP).rows == rows_of("valid", VIP)
