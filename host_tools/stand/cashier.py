"""Fingers and eyes at a terminal: keys in what a cashier would, and reads the glass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.stand import screens
from host_tools.stand.screens import SCREENS, Rows
from protocol.member import DIGITS, grouped
from simulator.board import BenchBoard

ONLINE_S = 20.0
STILL_S = 0.06
"""A glass that has not changed for so long is drawn to its end: 16x2 takes 35 ms, reported every 20."""


@dataclass(frozen=True)
class Shown:
    """A verdict on the glass, and the milliseconds from the key's contact to its last dot."""

    rows: Rows
    reason: str
    ms: float


class Cashier:
    """Whatever waits has a deadline, and raises TimeoutError with what the glass shows instead.

    A key goes down for `down_ms` and is let go for `up_ms`.
    """

    def __init__(self, bench: BenchBoard, down_ms: float = 60, up_ms: float = 40) -> None:
        self.bench = bench
        self.down_ms, self.up_ms = down_ms, up_ms

    def switch_on(self, online: bool | None = True) -> None:
        """Power; returns when the terminal asks for a number, given `online` when it says so."""
        self.bench.power_on()
        self.wait_idle(online)

    def wait_idle(self, online: bool | None = None, timeout: float = ONLINE_S) -> None:
        """Wait for the first screen; given `online`, for one that says so."""
        net = {} if online is None else {"net": screens.TEXTS["words"]["online" if online else "offline"]}
        self.wait("idle", timeout, **net)

    def wait(self, screen: str, timeout: float = 5.0, **fields: object) -> Rows:
        """Wait until the glass shows a screen of the texts to its end; a field that is not given may be anything."""
        return self.still(lambda rows: screens.fits(SCREENS[screen], rows, fields), timeout)

    def still(self, wanted: Callable[[Rows], bool], timeout: float = 5.0) -> Rows:
        """Wait until the glass is `wanted` and has stopped changing."""
        while True:
            shown = self.bench.wait_lcd(wanted, timeout)
            try:
                self.bench.events.wait(lambda event: "lcd" in event, STILL_S)
            except TimeoutError:
                if self.bench.lcd == shown:
                    return shown

    def keys(self, keys: str) -> None:
        """Press keys one after the other; returns when the last is up."""
        self.bench.keys(keys, self.down_ms, self.up_ms)

    def number(self, number: str) -> None:
        """Key a number and see it on the glass."""
        self.keys(number)
        shown = grouped(number)
        self.bench.wait_lcd(lambda rows: rows[0].rstrip() == shown, 2)

    def check(self, number: str, keys: str = "#", timeout: float = 3.0) -> Shown:
        """From the first screen to a verdict: the number, `#`, then `keys` on the month screen and those after it.

        A number that is none has no month screen: its `#` already brings the verdict.
        """
        self.number(number)
        if len(number) != DIGITS:
            return self.verdict_after("#", timeout)
        self.keys("#")
        self.wait("month")
        return self.verdict_after(keys, timeout)

    def verdict_after(self, keys: str, timeout: float = 3.0) -> Shown:
        """Press `keys` and wait for the verdict that the last of them brings."""
        since = self.bench.events.position
        self.keys(keys)
        self.still(lambda rows: screens.verdict(rows) is not None, timeout)
        events = self.bench.events.since(since)
        contacts = [event["t_ms"] for event in events if "key" in event]
        # From the end: the verdict is the last thing drawn, and complete with the last of its dots.
        glass = [event for event in events if "lcd" in event][-1]
        reason = screens.verdict(glass["lcd"])
        if reason is None:
            raise TimeoutError(f"the verdict went again: {glass['lcd']}")
        return Shown(glass["lcd"], reason, glass["t_ms"] - contacts[-1])

    def redeem(self) -> int:
        """From an OK to SAVED; its number."""
        self.keys("#")
        return self.saved()

    def saved(self) -> int:
        """The number that SAVED shows."""
        return int(self.wait("saved")[0].split("No")[1])

    def leave(self) -> None:
        """From a verdict, or from what follows it, back to the first screen."""
        self.keys("*")
        if not screens.fits(SCREENS["idle"], self.bench.lcd):
            self.still(lambda rows: not screens.verdict(rows))
            if screens.fits(SCREENS["left"], self.bench.lcd):
                self.keys("*")
        self.wait_idle()

    def page(self, number: int) -> Rows:
        """A page of the service menu, counted from 0; from the first screen and back to it."""
        self.bench.hold("*", 1200)
        self.wait("status_network")
        for _ in range(number):
            self.keys("#")
        rows = self.still(lambda _rows: True)
        self.keys("*")
        self.wait_idle()
        return rows

    def wait_received(self, timeout: float = 10.0) -> None:
        """Watch the service menu until no record waits for its receipt; from the first screen and back to it."""
        self.bench.hold("*", 1200)
        self.wait("status_network", timeout, waiting=0)
        self.keys("*")
        self.wait_idle()
