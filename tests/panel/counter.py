"""Someone at one terminal of the page: looks at its glass, presses its keys with mouse or keyboard."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from protocol import list_header
from simulator.board import BenchBoard

PATIENCE_S = 20.0
_TAKEN_IN_MS = 2_000


class Counter:
    """Terminal `number` of the page, and the board behind it."""

    def __init__(self, page: Page, number: int, bench: BenchBoard) -> None:
        self.page = page
        self.bench = bench
        self.place: Locator = page.locator(".terminal").nth(number)

    def ready(self) -> None:
        """Switched on, online, and at the first screen; nothing waiting."""
        for name in ("power", "network"):
            if self.place.locator(f".{name}").get_attribute("aria-checked") == "false":
                self.place.locator(f".{name}").click()
        expect(self.place).to_have_attribute("data-joined", "true", timeout=1000 * PATIENCE_S)
        if not any(text in (self.place.locator(".rows").text_content() or "") for text in ("Member number?", "请输入会员手机号")):
            # Whatever the test before has left: the quickest way to the first screen from anywhere.
            self.bench.power_cut()
            self.bench.power_on()
        self.shows("Member number?", "请输入会员手机号")
        self.shows(" ON", "网络已连接")
        self.waits(0)

    def click(self, keys: str) -> None:
        for key in keys:
            self.place.locator(f'.key[data-key="{key}"]').click()

    def type(self, keys: str) -> None:
        """On the keyboard; the terminal has to be the chosen one."""
        for key in keys:
            self.page.keyboard.press({"#": "Enter", "*": "Backspace"}.get(key, key))

    def hold(self, key: str, ms: int) -> None:
        self.place.locator(f'.key[data-key="{key}"]').click(delay=ms)

    def hold_down(self, key: str, ms: int) -> None:
        """On the keyboard, as `type`."""
        name = {"#": "Enter", "*": "Backspace"}.get(key, key)
        self.page.keyboard.down(name)
        self.page.wait_for_timeout(ms)
        self.page.keyboard.up(name)

    def touch(self, key: str, ms: int) -> None:
        """With a finger that stays; the page has to be one that is touched."""
        box = self.place.locator(f'.key[data-key="{key}"]').bounding_box()
        assert box
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        device = self.page.context.new_cdp_session(self.page)
        device.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        self.page.wait_for_timeout(ms)
        device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def shows(self, *texts: str) -> str:
        """Wait until the glass shows one of `texts`; all rows of it."""
        rows = self.place.locator(".rows")
        self.until(lambda: any(text in (rows.text_content() or "") for text in texts))
        return rows.text_content() or ""

    def has_list(self) -> None:
        """Wait until a member list lies in the flash, and a moment for it to be taken into use: not while pages are opened."""
        self.until(lambda: any(list_header.MAGIC in self.bench.partition(name) for name in ("list_a", "list_b")))
        self.page.wait_for_timeout(_TAKEN_IN_MS)

    def waits(self, count: int) -> None:
        """Wait until so many records wait for their receipt."""
        expect(self.place.locator(".waiting")).to_have_attribute("data-waiting", str(count), timeout=1000 * PATIENCE_S)

    def until(self, true: Callable[[], bool]) -> None:
        for _ in range(int(PATIENCE_S * 20)):
            if true():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not within {PATIENCE_S} s; the glass shows {self.place.locator('.rows').text_content()!r}")
