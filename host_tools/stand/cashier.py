"""Fingers and eyes at a terminal: keys in what a cashier would, and reads the glass."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from host_tools.stand.screens import ENGLISH, Rows, Words
from protocol.member import DIGITS, grouped
from simulator.board import BenchBoard

ONLINE_S = 20.0
_LOOK_AGAIN_S = 1.0
STILL_S = 0.06
"""A glass that has not changed for so long is drawn to its end: 16x2 takes 35 ms, reported every 20."""
CHANGE_S = 1.0
_IDLE = ("idle", "idle_signed_out")


@dataclass(frozen=True)
class Shown:
    """A verdict on the glass, and the milliseconds from the key's contact to its last dot."""

    rows: Rows
    reason: str
    ms: float


class Cashier:
    """Whatever waits has a deadline, and raises TimeoutError with what the glass shows instead.

    A key goes down for `down_ms` and is let go for `up_ms`. `words` is what the terminal speaks.
    """

    def __init__(self, bench: BenchBoard, down_ms: float = 80, up_ms: float = 60, words: Words = ENGLISH) -> None:
        self.bench = bench
        self._words = words
        self.down_ms, self.up_ms = down_ms, up_ms
        self.missed = 0

    def switch_on(self, online: bool | None = True) -> None:
        """Power; returns when the terminal asks for a number, given `online` when it says so.

        What was saved last, which it shows first after a restart, is put away.
        """
        self.bench.power_on()
        self.start_work(online)

    def start_work(self, online: bool | None = True) -> None:
        """From the power coming on to the first screen, as `switch_on`."""
        self.wait_started()
        if self._words.fits(self._words.screens["last"], self.bench.lcd):
            self.keys("*")
        self.wait_idle(online)

    def wait_started(self) -> None:
        """Wait for what a terminal shows first: that it wants a number or the time, or what was saved last."""
        self._wait_any((*_IDLE, "idle_unset", "idle_full", "last"), ONLINE_S)

    def wait_idle(self, online: bool | None = None, timeout: float = ONLINE_S) -> None:
        """Wait for the first screen, which may ask for a sign-in; given `online`, for one that says so."""
        net = {} if online is None else {"net": self._words.words["online" if online else "offline"]}
        self._wait_any(_IDLE, timeout, net)

    def wait(self, screen: str, timeout: float = 5.0, **fields: object) -> Rows:
        """Wait until the glass shows a screen of the texts to its end; a field that is not given may be anything."""
        return self.still(lambda rows: self._words.fits(self._words.screens[screen], rows, fields), timeout)

    def sign_in(self, pin: str) -> int:
        """From the first screen to its greeting; the cashier's number."""
        self.keys(f"{pin}#")
        return int(self._words.field("signed_in", "cashier", self.wait("signed_in")))

    def _wait_any(self, names: Sequence[str], timeout: float, fields: Mapping[str, object] = {}) -> Rows:
        return self.still(lambda rows: any(self._words.fits(self._words.screens[name], rows, fields) for name in names), timeout)

    def still(self, wanted: Callable[[Rows], bool], timeout: float = 5.0) -> Rows:
        """Wait until the glass is `wanted` and has stopped changing."""
        while True:
            shown = self.bench.wait_lcd(wanted, timeout)
            try:
                self.bench.wait_lcd(lambda rows, was=shown: rows != was, STILL_S)  # type: ignore[misc]
            except TimeoutError:
                return shown

    def keys(self, keys: str) -> None:
        """Press keys one after the other, each of which changes the glass; one that does not is pressed once more.

        On a machine that is too busy to run the firmware every few milliseconds keys get lost; `missed` counts them.
        """
        for key in keys:
            before = self.bench.lcd
            self.bench.keys(key, self.down_ms, self.up_ms)
            try:
                self.bench.wait_lcd(lambda rows, was=before: rows != was, CHANGE_S)  # type: ignore[misc]
            except TimeoutError:
                self.missed += 1
                self.bench.keys(key, self.down_ms, self.up_ms)

    def number(self, number: str) -> None:
        """Key a number and see it on the glass; what does not show as keyed is taken back and keyed once more."""
        shown = grouped(number)
        self.keys(number)
        try:
            self.bench.wait_lcd(lambda rows: shown in map(str.rstrip, rows), CHANGE_S)
        except TimeoutError:
            self.missed += 1
            self.keys("*" * sum(character.isdigit() for row in self.bench.lcd[:2] for character in row))
            self.wait_idle()
            self.keys(number)
            self.bench.wait_lcd(lambda rows: shown in map(str.rstrip, rows), CHANGE_S)

    def check(self, number: str, keys: str = "#", timeout: float = 3.0) -> Shown:
        """From the first screen to a verdict: the number, `#`, then `keys` on the month screen and those after it.

        A number that is none has no month screen: its `#` already brings the verdict.
        """
        self.number(number)
        if len(number) != DIGITS:
            return self.verdict_after("#", timeout)
        self.keys("#")
        self.wait("month")
        if len(keys) > 1 and keys[-1].isdigit():
            # The last digit chooses the offer, once there is a choice to be seen.
            self.keys(keys[:-1])
            self.wait("offer")
            keys = keys[-1]
        return self.verdict_after(keys, timeout)

    def verdict_after(self, keys: str, timeout: float = 3.0) -> Shown:
        """Press `keys` and wait for the verdict that the last of them brings."""
        since = self.bench.events.position
        self.keys(keys)
        self.still(lambda rows: self._words.verdict(rows) is not None, timeout)
        events = self.bench.events.since(since)
        contacts = [event["t_ms"] for event in events if "key" in event]
        # From the end: the verdict is the last thing drawn, and complete with the last of its dots.
        glass = [event for event in events if "lcd" in event][-1]
        reason = self._words.verdict(glass["lcd"])
        if reason is None:
            raise TimeoutError(f"the verdict went again: {glass['lcd']}")
        return Shown(glass["lcd"], reason, glass["t_ms"] - contacts[-1])

    def redeem(self) -> int:
        """From an OK to SAVED; its number."""
        self.keys("#")
        return self.saved()

    def saved(self) -> int:
        """The number that SAVED shows."""
        return int(self._words.field("saved", "sequence", self.wait("saved")))

    def leave(self, online: bool | None = None) -> None:
        """From a verdict, or from what follows it, back to the first screen."""
        valid = self._words.verdict(self.bench.lcd) == "valid"
        self.keys("*")
        if valid:
            self.wait("left")
            self.keys("*")
        self.wait_idle(online)

    def page(self, number: int, wanted: Callable[[Rows], bool] = bool, timeout: float = 5.0) -> Rows:
        """Watch a page of the service menu, counted from 0, until it is `wanted`; from the first screen and back to it."""
        self.bench.hold("*", 1200)
        self.wait("status_network")
        self.keys("#" * number)
        rows = self.still(wanted, timeout)
        self.keys("*")
        self.wait_idle()
        return rows

    def wait_received(self, timeout: float = 10.0) -> None:
        """Until no record waits for its receipt any more."""
        self.page(0, lambda rows: self._words.fits(self._words.screens["status_network"], rows, {"waiting": 0}), timeout)

    def wait_list(self, timeout: float = 20.0) -> None:
        """Until there is a member list. Looked up again and again: while the menu is open, none is taken in."""
        wanted = self._words.screens["status_list"]
        deadline = time.monotonic() + timeout
        while self._words.fits(wanted, self.page(1, lambda rows: self._words.fits(wanted, rows)), {"list": 0}):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no member list within {timeout} s")
            time.sleep(_LOOK_AGAIN_S)
