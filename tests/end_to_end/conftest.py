"""Each test here runs twice: with a real Mosquitto and with the embedded broker, each with a centre that the tests share."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools import toolchain
from host_tools.stand.cashier import Cashier
from host_tools.stand.mosquitto_process import MosquittoProcess
from simulator.board import BenchBoard
from tests.end_to_end.shop import WASH, Shop, until


@pytest.fixture(scope="session", autouse=True)
def _before_others() -> None:
    """A keypad is scanned every 3 ms on a real board; where it may be asked for, here too however busy the machine is."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)


@pytest.fixture(scope="session", params=["mosquitto", "embedded"])
def shop(request: pytest.FixtureRequest, tool: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A running centre with merchants and members."""
    folder = tmp_path_factory.mktemp(request.param)
    broker = None
    if request.param == "mosquitto":
        tool(toolchain.mosquitto)
        broker = MosquittoProcess(folder / "broker")
    shop = Shop(folder, broker)
    yield shop
    shop.close()


class Counter:
    """A terminal with its cashier; `terminal` is its id."""

    def __init__(self, terminal: str, bench: BenchBoard) -> None:
        self.terminal = terminal
        self.bench = bench
        self.cashier = Cashier(bench)

    def wait_settings_kept(self) -> None:
        """They are written once the keypad has been quiet for a moment, and stand in the flash as they came."""
        until(lambda: b'"grace_hours"' in self.bench.partition("vfs") or None, 10)


@pytest.fixture
def counter(shop: Shop) -> Iterator[Callable[..., Counter]]:
    """`counter(merchant, on=…)`: a new terminal; online and asking for a number, with `on=False` not yet switched on.

    However the test ends, it has not died: no traceback, no watchdog.
    """
    opened: list[Counter] = []

    def open_counter(merchant: str = WASH, on: bool = True, **options: Any) -> Counter:
        made = Counter(*shop.bench(merchant, **options))
        opened.append(made)
        if on:
            made.cashier.switch_on()
        return made

    yield open_counter
    for made in opened:
        made.bench.close()
    for made in opened:
        alive(made.bench)


def alive(bench: BenchBoard) -> None:
    """The firmware has not ended, been reset, or said anything of an exception."""
    fatal = [event for event in bench.events.since() if event.get("event") in ("halted", "watchdog")]
    assert not fatal, fatal
    said = bench.log.read_text(errors="replace")
    assert "Traceback" not in said and "Task exception" not in said, said
