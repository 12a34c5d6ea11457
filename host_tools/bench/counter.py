"""At the counter: how many keys a redemption takes, and how long a verdict takes from the last of them to the display.

The real firmware on the simulated board, a centre and a broker on loopback. Times run from the key's contact to the last dot of
the verdict, in milliseconds of this machine. `worst` has a network pulled out, too: then the list answers.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from central import demo
from host_tools.bench_file import Figures, figure
from host_tools.stand.cashier import Cashier
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.terminal import on_bench

CHECKS = 20  # with the network and without
_TARGET_MS, _WORST_MS, _KEYS = 150, 1000, 14


def run() -> Figures:
    """`keystrokes_one_offer`, `key_to_glass_*`."""
    member = next(iter(demo.MEMBERS))
    with tempfile.TemporaryDirectory(prefix="cheyou-bench-") as folder:
        centre = CentreProcess(Path(folder) / "centre")
        database = centre.database()
        key = demo.seed(database)
        database.dispose()
        try:
            centre.start()
            with on_bench(Path(folder) / "board", demo.TERMINAL, key, centre.mqtt_port, centre.http_port) as bench:
                cashier = Cashier(bench)
                cashier.switch_on()
                cashier.wait_list()
                keys = _keys_of_a_redemption(cashier, member)
                online = sorted(_times(cashier, member))
                bench.network(False)
                offline = _times(cashier, member)
        finally:
            centre.stop()
    return {
        "keystrokes_one_offer": figure(keys, "keys", _KEYS),
        "key_to_glass_p50_ms": figure(round(online[len(online) // 2], 1), "ms"),
        "key_to_glass_p99_ms": figure(round(online[len(online) * 99 // 100], 1), "ms", _TARGET_MS),
        "key_to_glass_worst_ms": figure(round(max(online + offline), 1), "ms", _WORST_MS),
    }


def _keys_of_a_redemption(cashier: Cashier, member: str) -> int:
    """Contacts closed from the first screen to SAVED."""
    since = cashier.bench.events.position
    missed = cashier.missed
    cashier.check(member)
    cashier.redeem()
    pressed = sum("key" in event for event in cashier.bench.events.since(since))
    cashier.keys("*")
    cashier.wait_idle()
    # What a busy machine has not heard and a finger has pressed twice is no key of the redemption's.
    return pressed - (cashier.missed - missed)


def _times(cashier: Cashier, member: str) -> list[float]:
    found = []
    for _ in range(CHECKS):
        found.append(cashier.check(member).ms)
        cashier.leave()
    return found
