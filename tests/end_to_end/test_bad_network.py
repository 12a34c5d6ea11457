"""Name servers, brokers and routers that do not answer: the keypad lives and the verdict comes within a second all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.conftest import Counter
from tests.end_to_end.shop import ORDINARY, VIP, Shop

Open = Callable[..., Counter]

# What the network does, and whether the session stands when it begins to.
FAULTS: dict[str, tuple[dict[str, Any], bool]] = {
    "no answer from the name server": ({"dns": "silent"}, False),
    "broker accepts and is silent": ({"tcp": "silent"}, False),
    "broker falls silent": ({"tcp": "silent"}, True),
    "broker refuses": ({"tcp": "refuse"}, False),
    "packets are lost": ({"tcp": "lost"}, False),
    "answers come too late": ({"delay_ms": 600}, True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_verdict_within_a_second(shop: Shop, counter: Open, fault: str) -> None:
    settings, standing = FAULTS[fault]
    at = counter(host="broker.test", on=False)
    at.bench.lan(hosts={"broker.test": "127.0.0.1"})
    at.cashier.switch_on()
    at.cashier.wait_list()
    at.bench.lan(**settings)
    if not standing:
        at.bench.cut_connections()
        at.cashier.wait_idle(online=False)
    for member in (VIP, ORDINARY):
        shown = at.cashier.check(member)
        assert shown.reason == "valid"
        assert shown.ms <= 1000
        at.cashier.leave()
    assert at.cashier.check(VIP).reason == "valid"
    assert at.cashier.redeem() == 1
    at.bench.lan(dns="answer", tcp="open", delay_ms=0)
    shop.wait_records(at.terminal, 1, timeout=60)
