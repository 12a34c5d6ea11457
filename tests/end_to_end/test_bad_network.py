"""Name servers, brokers and routers that do not answer: the keypad lives and the verdict comes within a second all the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from host_tools.stand.cashier import Shown
from simulator.events import Event
from tests.end_to_end.conftest import Counter, alive
from tests.end_to_end.shop import ORDINARY, VIP, Shop

# What the network does, and when: in the midst of a session, between two, or from the terminal's start on.
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no answer from the name server": ({"dns": "silent"}, "start"),
    "a captive portal answers for every name": ({"hosts": {"*": "127.0.0.2"}}, "start"),
    "broker accepts and is silent": ({"tcp": "silent"}, "between"),
    "broker falls silent": ({"tcp": "silent"}, "midst"),
    "broker refuses": ({"tcp": "refuse"}, "between"),
    "packets are lost": ({"tcp": "lost"}, "between"),
    "answers come too late": ({"delay_ms": 600}, "midst"),
}


class Seen(NamedTuple):
    shown: list[Shown]
    slowest_key_ms: float
    saved: int
    terminal: str


@pytest.fixture(scope="module")
def outcomes(shop: Shop) -> Iterator[dict[str, Future[Seen]]]:
    """One terminal a fault, all at once."""
    counters = {fault: Counter(*shop.bench(host="broker.test")) for fault in FAULTS}
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        yield {fault: pool.submit(_at, counters[fault], *FAULTS[fault]) for fault in FAULTS}
    for at in counters.values():
        at.bench.close()
    for at in counters.values():
        alive(at.bench)


def _at(counter: Counter, settings: dict[str, Any], when: str) -> Seen:
    bench, cashier = counter.bench, counter.cashier
    bench.lan(hosts={"broker.test": "127.0.0.1"})
    cashier.switch_on()
    cashier.wait_list()
    bench.lan(**settings)
    if when == "start":
        bench.power_cut()
        cashier.switch_on(online=False)
    elif when == "between":
        bench.cut_connections()
        cashier.wait_idle(online=False)
    since = bench.events.position
    shown = []
    for member in (VIP, ORDINARY):
        shown.append(cashier.check(member))
        cashier.leave()
    shown.append(cashier.check(VIP))
    saved = cashier.redeem()
    slowest = _slowest_key(bench.events.since(since))
    bench.lan(dns="answer", tcp="open", delay_ms=0, hosts={"broker.test": "127.0.0.1"})
    # Trying anew at once, as with any network that comes back, rather than after the pause that has grown meanwhile.
    bench.network(False)
    bench.wait_event("disconnected", 15)
    bench.network(True)
    return Seen(shown, slowest, saved, counter.terminal)


def _slowest_key(events: list[Event]) -> float:
    """The longest that the glass took to answer a key."""
    slowest, pressed = 0.0, None
    for event in events:
        if "key" in event:
            pressed = event["t_ms"]
        elif "lcd" in event and pressed is not None:
            slowest, pressed = max(slowest, event["t_ms"] - pressed), None
    return slowest


@pytest.mark.parametrize("fault", FAULTS)
def test_verdict_within_a_second(outcomes: dict[str, Future[Seen]], fault: str) -> None:
    seen = outcomes[fault].result()
    assert [shown.reason for shown in seen.shown] == ["valid"] * 3
    # The second itself is measured by `make bench` (key_to_glass_worst_ms); here half of one more is left to a busy host. What
    # waits for the network waits for seconds.
    assert max(shown.ms for shown in seen.shown) <= 1500
    assert all(shown.rows[1].rstrip().endswith("list") for shown in seen.shown)
    assert seen.slowest_key_ms <= 1000


def test_all_saved_meanwhile_arrives(shop: Shop, outcomes: dict[str, Future[Seen]]) -> None:
    for future in outcomes.values():
        seen = future.result()
        assert seen.saved == 1
        shop.wait_records(seen.terminal, 1, timeout=30)
