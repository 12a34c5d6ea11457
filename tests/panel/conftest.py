"""The panel in a real Chromium: a demo shop with a terminal on each kind of display, and a page to look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from host_tools import boards, toolchain
from host_tools.stand.demo_shop import DemoShop
from host_tools.toolchain import ROOT
from host_tools.toolchain.browser import ARGUMENTS
from simulator.panel.server import PanelServer
from tests.panel.counter import Counter

SCREENSHOTS = ROOT / "build" / "screenshots"


# For the package and not for the session: while Playwright runs, no other test in the process may use asyncio.
@pytest.fixture(scope="package")
def browser(tool: Callable[..., Path]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(tool(toolchain.chromium)), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    """T0001 with an English 16x2 display, T0002 with a Chinese 128x64."""
    shown = [boards.load("esp32-devkit-4mb"), boards.load("esp32-st7920-4mb")]
    with DemoShop(tmp_path_factory.mktemp("shop"), shown, mqtt_port=None, http_port=None) as shop:
        for terminal in shop.terminals:
            terminal.bench.power_on()
        yield shop


@pytest.fixture(scope="package")
def panel(shop: DemoShop) -> Iterator[PanelServer]:
    with PanelServer(shop.terminals) as panel:
        yield panel


@pytest.fixture
def open_page(browser: Browser, panel: PanelServer) -> Iterator[Callable[..., Page]]:
    """`open_page(**context)`: the panel in a new window; whatever its console complains about fails the test."""
    contexts = []
    complaints: list[str] = []

    def opened(**settings: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 830}, "locale": "en-US"} | settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(panel.url)
        page.locator(".terminal").nth(1).wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def counters(open_page: Callable[..., Page], shop: DemoShop) -> Callable[..., list[Counter]]:
    """`counters(**context)`: a page, and for each terminal on it someone who works there; all at their first screen."""

    def opened(**settings: Any) -> list[Counter]:
        page = open_page(**settings)
        made = [Counter(page, number, terminal.bench) for number, terminal in enumerate(shop.terminals)]
        for counter in made:
            counter.ready()
        return made

    return opened


@pytest.fixture(scope="package")
def screenshot() -> Callable[[Page, str], None]:
    """`screenshot(page, name)`: a picture into build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take
