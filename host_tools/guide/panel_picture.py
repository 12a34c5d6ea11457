"""The README's picture of the panel: the real page in a real Chromium, a member valid at both of its terminals.

It shows the hour it was taken at, so no test compares it; `tests/panel` holds every dot of such a page against the displays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from central import demo
from host_tools import boards, toolchain
from host_tools.stand.demo_shop import DemoShop
from host_tools.toolchain import ROOT, browser
from simulator.panel.server import PanelServer

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

FILE = ROOT / "docs" / "panel.png"
_BOARDS = ("esp32-devkit-4mb", "esp32-st7920-4mb")
_SIZE: ViewportSize = {"width": 1000, "height": 830}
# What each terminal shows when it is ready, when the number is confirmed, and when the member is valid.
_STEPS = (("Member number?", "10620007", "OK VIP"), ("网络已连接", "10620007", "优惠"))
_PATIENCE_MS = 30_000


def take(path: Path = FILE) -> None:
    """Take it anew."""
    from playwright.sync_api import sync_playwright

    with (
        TemporaryDirectory(prefix="cheyou-panel-") as folder,
        DemoShop(Path(folder), [boards.load(name) for name in _BOARDS], mqtt_port=None, http_port=None) as shop,
        PanelServer(shop.terminals) as panel,
        sync_playwright() as playwright,
    ):
        for terminal in shop.terminals:
            terminal.bench.power_on()
        chromium = playwright.chromium.launch(executable_path=str(toolchain.chromium()), args=list(browser.ARGUMENTS))
        page = chromium.new_page(viewport=_SIZE, locale="en-US")
        page.goto(panel.url)
        member = next(iter(demo.MEMBERS))
        for number, (ready, month, valid) in enumerate(_STEPS):
            _press(page, number, ((ready, member + "#"), (month, "#"), (valid, "")))
        page.screenshot(path=path)
        chromium.close()


def _press(page: Page, number: int, steps: Sequence[tuple[str, str]]) -> None:
    """At terminal `number`, whenever the glass shows the text of a step, press its keys."""
    place = page.locator(".terminal").nth(number)
    for text, keys in steps:
        place.locator(".rows", has_text=text).wait_for(state="attached", timeout=_PATIENCE_MS)
        for key in keys:
            place.locator(f'.key[data-key="{key}"]').click()
