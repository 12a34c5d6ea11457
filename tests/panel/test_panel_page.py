"""The page shows what the boards show and does what a person does to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from host_tools.stand.demo_shop import DemoShop
from simulator import pictures
from simulator.dots import DotMatrix, dots
from simulator.panel.server import PanelServer
from tests.panel.counter import Counter

Counters = Callable[..., list[Counter]]
Screenshot = Callable[[Page, str], None]
VIP, ORDINARY, BLOCKED = "13800138000", "13900139000", "13600136000"

_READ_DOTS = """number => {
    const { canvas, display } = panel.terminals[number].glass, glass = panel.terminals[number].glass;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const middle = display.dot;  // half a dot at two pixels to one
    const rows = [];
    for (let y = 0; y < display.height; y++) {
        let row = "";
        for (let x = 0; x < display.width; x++) {
            const left = glass.at(x, display.cellWidth) + middle, top = glass.at(y, display.cellHeight) + middle;
            const at = 4 * (top * canvas.width + left);
            row += [...pixels.data.slice(at, at + 3)].map(c => c.toString(16).padStart(2, "0")).join("") + " ";
        }
        rows.push(row.trim());
    }
    return rows;
}"""


def drawn(counter: Counter, number: int) -> list[list[str]]:
    """The colour in the middle of each dot of the canvas."""
    return [row.split(" ") for row in counter.page.evaluate(_READ_DOTS, number)]


def as_colours(matrix: DotMatrix, look: pictures.Look) -> list[list[str]]:
    clear, dark = (bytes(look.lit[n]).hex() for n in (pictures.CLEAR, pictures.DARK))
    return [[dark if matrix.dark(x, y) else clear for x in range(matrix.width)] for y in range(matrix.height)]


@pytest.mark.parametrize(("number", "look"), [(0, pictures.GREEN), (1, pictures.BLUE)])
def test_every_pixel_is_the_controllers_memory(counters: Counters, number: int, look: pictures.Look) -> None:
    counter = counters()[number]
    last = None
    for keys, text in (("", ""), ("1", "1"), ("380", "138 0"), ("*", "138"), ("***", "")):
        counter.click(keys)
        counter.shows(text)
        # Another screen than before. Taken in this order: what the memory is when the canvas has been read must be what was read.
        counter.until(
            lambda before=last: (
                dots(counter.bench.display).rows != before
                and drawn(counter, number) == as_colours(dots(counter.bench.display), look)
            )
        )
        last = dots(counter.bench.display).rows


def test_a_redemption_by_mouse(counters: Counters, screenshot: Screenshot) -> None:
    counter = counters()[0]
    screenshot(counter.page, "panel-idle")
    counter.click(VIP)
    counter.shows("138 0013 8000")
    counter.click("#")
    counter.shows("10620007")
    counter.click("#")
    counter.shows("OK VIP -20%")
    expect(counter.place.locator(".lamp.green")).to_have_class("lamp green on")
    screenshot(counter.page, "panel-valid")
    counter.click("#")
    counter.shows("SAVED No")
    screenshot(counter.page, "panel-saved")
    counter.waits(0)
    counter.click("*")


def test_a_redemption_in_chinese_by_keyboard(counters: Counters, screenshot: Screenshot) -> None:
    counter = counters()[1]
    counter.place.locator("canvas").click()
    counter.type(ORDINARY)
    counter.shows("139 0013 9000")
    counter.type("#")
    counter.shows("短信是这样写的")
    counter.type("#")
    shown = counter.shows("中心已核验")
    assert shown.startswith("有效") and "-10%" in shown
    screenshot(counter.page, "panel-chinese")
    counter.type("#")
    counter.shows("已保存")
    counter.type("*")
    assert counter.bench.display.misuses == [], "the driver keeps to the data sheet"


def test_not_valid_shows_red_and_says_why(counters: Counters, screenshot: Screenshot) -> None:
    counter = counters()[0]
    counter.click(BLOCKED + "#")
    counter.shows("10620007")
    counter.click("#")
    counter.shows("NO blocked")
    expect(counter.place.locator(".lamp.red")).to_have_class("lamp red on")
    expect(counter.place.locator(".lamp.green")).to_have_class("lamp green")
    screenshot(counter.page, "panel-not-valid")
    counter.click("*")


def test_offline_and_back(counters: Counters, screenshot: Screenshot) -> None:
    counter = counters()[0]
    counter.place.locator(".network").click()
    expect(counter.place.locator(".network")).to_have_attribute("aria-checked", "false")
    counter.shows(" OFF")
    counter.click(ORDINARY + "#")
    counter.shows("10620007")
    counter.click("#")
    counter.shows("list")
    counter.click("#")
    counter.shows("SAVED")
    counter.waits(1)
    screenshot(counter.page, "panel-offline")
    counter.place.locator(".network").click()
    counter.waits(0)
    counter.click("*")
    counter.shows(" ON")


def test_power_off_is_dark_and_on_begins_anew(counters: Counters) -> None:
    counter = counters()[0]
    counter.place.locator(".power").click()
    counter.until(lambda: not any(dots(counter.bench.display).rows) and not counter.bench.powered())
    counter.until(lambda: {colour for row in drawn(counter, 0) for colour in row} == {bytes(pictures.GREEN.unlit[2]).hex()})
    counter.place.locator(".power").click()
    expect(counter.place.locator(".power")).to_have_attribute("aria-checked", "true")
    counter.ready()


def test_a_key_held_opens_the_service_menu(counters: Counters) -> None:
    counter = counters()[0]
    counter.hold("*", 1300)
    counter.shows("Waiting")
    counter.click("*")
    counter.shows("Member number?")


def test_a_key_held_by_a_finger_and_on_the_keyboard(counters: Counters) -> None:
    counter = counters(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)[0]
    counter.touch("*", 1300)
    counter.shows("Waiting")
    counter.touch("*", 100)
    counter.shows("Member number?")
    counter.place.locator("h2").tap()
    counter.hold_down("#", 1300)
    counter.shows("1Recent 2Totals")
    counter.type("*")
    counter.shows("Member number?")


def test_keys_go_to_the_chosen_terminal(counters: Counters) -> None:
    first, second = counters()
    second.place.locator("h2").click()
    second.type("5")
    second.shows("\n5 ")
    assert "Member number?" in first.shows("Member number?")
    first.place.locator("h2").click()
    first.type("7")
    first.shows("7 ")
    for counter in (first, second):
        counter.click("*")


def test_keys_can_be_pressed_with_tab_and_space(counters: Counters) -> None:
    counter = counters()[0]
    counter.place.locator('.key[data-key="3"]').focus()
    counter.page.keyboard.press("Space")
    counter.shows("3 ")
    counter.click("*")


def test_the_world_clock_is_set(counters: Counters, shop: DemoShop) -> None:
    counter = counters()[0]
    before = counter.bench.world_time()
    counter.place.locator(".clock input").fill("2027-01-01T08:00:00")
    counter.place.locator(".clock button").click()
    counter.until(lambda: "2027-01-01 08:00" in (counter.place.locator(".time").text_content() or ""))
    counter.bench.clock(_iso(before))


def _iso(unix: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(unix, UTC).isoformat()


def test_sound_is_what_the_buzzer_plays(counters: Counters) -> None:
    counter = counters()[0]
    counter.page.evaluate(
        """() => {
            globalThis.heard = [];
            const buzzer = panel.terminals[0].buzzer, tone = buzzer.tone.bind(buzzer);
            buzzer.tone = hz => { tone(hz); heard.push([hz, buzzer.oscillator.context.state]); };
        }"""
    )
    since = counter.bench.events.position
    counter.click("1")
    counter.until(lambda: len(counter.page.evaluate("heard")) >= 2)
    heard = counter.page.evaluate("heard")[:2]
    played = [event["beep"][0] for event in counter.bench.events.since(since) if "beep" in event]
    assert heard == [[played[0], "running"], [0, "running"]]
    counter.page.locator("#sound").click()
    expect(counter.page.locator("#sound")).to_have_attribute("aria-checked", "false")
    counter.click("*")


def test_the_page_speaks_both_languages(open_page: Callable[..., Page], screenshot: Screenshot) -> None:
    page = open_page(locale="zh-CN")
    expect(page.locator(".network").first).to_have_text("网络")
    screenshot(page, "panel-zh")
    page.locator("#language").click()
    expect(page.locator(".network").first).to_have_text("Network")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_it_fits_a_phone(counters: Counters, screenshot: Screenshot) -> None:
    counter = counters(viewport={"width": 360, "height": 740}, device_scale_factor=2, has_touch=True, is_mobile=True)[0]
    page = counter.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = counter.place.locator('.key[data-key="5"]').bounding_box()
    assert box is not None and min(box["width"], box["height"]) >= 44
    below = counter.place.locator('.key[data-key="#"]').bounding_box()
    assert below is not None and below["y"] + below["height"] <= 740, "glass and keypad are on one screen"
    counter.place.locator('.key[data-key="8"]').tap()
    counter.shows("8 ")
    screenshot(page, "panel-phone")
    counter.click("*")


def test_a_lost_line_is_said_and_mended(open_page: Callable[..., Page], shop: DemoShop) -> None:
    with PanelServer(shop.terminals[:1]) as other:
        page = open_page()
        page.goto(other.url)
        page.locator(".rows").first.wait_for(state="attached")
        port = int(other.url.rsplit(":", 1)[1].strip("/"))
    expect(page.locator("#link")).to_contain_text("does not answer")
    with PanelServer(shop.terminals[:1], port=port):
        expect(page.locator("#link")).to_have_text("", timeout=10_000)
        expect(page.locator(".rows").first).not_to_be_empty()
        page.goto("about:blank")
