"""From a key's way down on the panel to its effect drawn there, measured in a real Chromium by the page's own clock.

The way: pointer event → WebSocket → the key's contact on the simulated board → the firmware's scan, desk and display driver → the
controller's memory, told when it has been still for 10 ms → WebSocket → canvas → the frame in which it is painted.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from host_tools import boards, toolchain
from host_tools.bench_file import Figures, figure
from host_tools.errors import CheYouError
from host_tools.stand.demo_shop import DemoShop
from host_tools.toolchain import browser
from simulator.panel.server import PanelServer

BOARD = "esp32-devkit-4mb"
_PRESSES = 60
_PAUSE_MS = 300
"""Longer than any effect takes, so that no press waits for the one before."""
_READY_MS = 30_000


def run() -> Figures:
    """The median and the 95th percentile of single presses."""
    taken = sorted(_measure())
    return {
        "panel_key_ms": figure(round(statistics.median(taken), 1), "ms"),
        "panel_key_p95_ms": figure(round(taken[int(len(taken) * 0.95)], 1), "ms"),
    }


def _measure() -> list[float]:
    from playwright.sync_api import sync_playwright

    with (
        TemporaryDirectory(prefix="cheyou-bench-") as folder,
        DemoShop(Path(folder), [boards.load(BOARD)], mqtt_port=None, http_port=None) as shop,
        PanelServer(shop.terminals) as panel,
        sync_playwright() as playwright,
    ):
        shop.terminals[0].bench.power_on()
        chromium = playwright.chromium.launch(executable_path=str(toolchain.chromium()), args=list(browser.ARGUMENTS))
        page = chromium.new_page()
        page.goto(panel.url)
        page.wait_for_function("document.querySelector('.rows')?.textContent.includes(' ON')", timeout=_READY_MS)
        # A digit and its deletion in turn, so that each press changes the glass and the number never grows.
        for press in range(_PRESSES):
            page.locator(f'.key[data-key="{"1*"[press % 2]}"]').click()
            page.wait_for_timeout(_PAUSE_MS)
        taken: list[float] = page.evaluate("panel.terminals[0].latencies")
        chromium.close()
    if len(taken) < 0.9 * _PRESSES:
        raise CheYouError(f"only {len(taken)} of {_PRESSES} presses had an effect on the page", "run the panel's tests")
    return taken
