"""What time it is on the bench, and what is due when.

In real time the bench's clock is the host's monotonic one. In virtual time it stands still unless somebody runs it (see
`VirtualTime.run`), and leaps from one thing that is due to the next: minutes pass in milliseconds, and a run can be
repeated exactly. Virtual time is for scenarios that await nothing outside: network delays are real even then.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable
from typing import Any, Protocol

from simulator import page as shared
from simulator.page import Page

FINE_S = 0.002
QUANTUM_US = 10_000
BLOCKED_S = 30.0


class Timer(Protocol):
    def cancel(self) -> None: ...


class Timeline(Protocol):
    """Times are microseconds of the bench's clock, of which `time.ticks_us()` in the firmware is the low 30 bits."""

    def now_us(self) -> int: ...

    def unix(self) -> float:
        """The host's idea of the time of day, which world time is measured against."""
        ...

    def at_us(self, us: float, action: Callable[..., object], *arguments: Any) -> Timer: ...

    def after_ms(self, ms: float, action: Callable[..., object], *arguments: Any) -> Timer: ...

    def busy(self, seconds: float, answer: Callable[[], None]) -> None:
        """Let the firmware wait for the hardware that long, then `answer` it."""
        ...

    def ticks_ms(self) -> int: ...


class RealTime:
    """The host's monotonic clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now_us(self) -> int:
        return time.monotonic_ns() // 1000

    def unix(self) -> float:
        return time.time()

    def at_us(self, us: float, action: Callable[..., object], *arguments: Any) -> Timer:
        return self._loop.call_at(us / 1e6, action, *arguments)  # asyncio's clock is the monotonic one too

    def after_ms(self, ms: float, action: Callable[..., object], *arguments: Any) -> Timer:
        return self._loop.call_later(ms / 1000, action, *arguments)

    def busy(self, seconds: float, answer: Callable[[], None]) -> None:
        if seconds > FINE_S:
            self._loop.call_later(seconds, answer)
            return
        if seconds:
            time.sleep(seconds)  # finer than the loop's timers, and too short to hold anything up
        answer()

    def ticks_ms(self) -> int:
        return self.now_us() // 1000 % shared.TICKS


class _VirtualTimer:
    def __init__(self, action: Callable[[], object]) -> None:
        self.action: Callable[[], object] | None = action

    def cancel(self) -> None:
        self.action = None


class VirtualTime:
    """A clock that moves while `run` lets it.

    The firmware moves it by sleeping: by itself as far as the page's budget says, beyond that by asking the host
    (`sleep`). It is then held until everything due before has happened and the time may go that far.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._unix = time.time()
        self._timers: list[tuple[float, int, _VirtualTimer]] = []
        self._numbers = itertools.count()
        self._limit_us = 0  # where the budget given to the firmware ends
        self._granted_us = 0
        self._held: tuple[float, Callable[[], None]] | None = None
        self._stopped: asyncio.Event | None = None
        self._soon: asyncio.Handle | None = None
        self.firmware_runs: Callable[[], bool] = lambda: False

    def now_us(self) -> int:
        return self._limit_us - self._page[shared.BUDGET]

    def unix(self) -> float:
        return self._unix + self.now_us() / 1e6

    def ticks_ms(self) -> int:
        return self.now_us() // 1000 % shared.TICKS

    def at_us(self, us: float, action: Callable[..., object], *arguments: Any) -> Timer:
        timer = _VirtualTimer(lambda: action(*arguments))
        heapq.heappush(self._timers, (math.ceil(us), next(self._numbers), timer))  # the clock is whole microseconds
        return timer

    def after_ms(self, ms: float, action: Callable[..., object], *arguments: Any) -> Timer:
        return self.at_us(self.now_us() + ms * 1000, action, *arguments)

    def busy(self, seconds: float, answer: Callable[[], None]) -> None:
        if seconds:
            self.sleep(seconds * 1e6, answer)
        else:
            answer()

    def sleep(self, us: float, answer: Callable[[], None]) -> None:
        """The firmware waits for `us` (for ever when negative) and then for `answer`."""
        self._held = (math.ceil(self.now_us() + us) if us >= 0 else math.inf, answer)
        self._step()

    def forget_firmware(self) -> None:
        """The process that was held is gone."""
        self._held = None
        self._set(self.now_us())
        # Not at once: this may be in the midst of a step, and a reset starts the next process right after.
        self._soon = asyncio.get_running_loop().call_soon(self._step)

    def close(self) -> None:
        """The page is about to go."""
        if self._soon is not None:
            self._soon.cancel()

    def new_page(self) -> None:
        """The page was cleared: put the time back in."""
        self._set(self._limit_us)

    async def run(self, until: Callable[[], bool], seconds: float, look: Callable[[], object]) -> bool:
        """Let time pass until `until` says so (True) or `seconds` are over (False).

        `look` is called, and then `until`, every 10 ms of virtual time at the least.
        """
        end = self.now_us() + int(seconds * 1e6)
        self._stopped = asyncio.Event()
        while True:
            if self._rests():
                look()
                if until():
                    return True
                if self.now_us() >= end:
                    return False
                self._granted_us = min(self.now_us() + QUANTUM_US, end)
                self._step()
            if not self._rests():
                self._stopped.clear()
                try:
                    await asyncio.wait_for(self._stopped.wait(), BLOCKED_S)
                except TimeoutError:
                    raise TimeoutError("the firmware neither slept nor ended for 30 s of real time") from None

    def _rests(self) -> bool:
        """Whether nothing moves before more time is granted."""
        return (self._held is not None or not self.firmware_runs()) and self.now_us() >= self._granted_us

    def _step(self) -> None:
        """Go as far as is granted, or until the firmware runs again."""
        while self._held is not None or not self.firmware_runs():
            until = self._held[0] if self._held else math.inf
            self._set(int(min(until, max(self._granted_us, self.now_us()), self._next_due())))
            if self._next_due() <= self.now_us():
                _, _, timer = heapq.heappop(self._timers)
                if timer.action:
                    timer.action()
            elif self._held is not None and self.now_us() >= until:
                answer, self._held = self._held[1], None
                self._give_budget()
                answer()
                return
            elif self.now_us() >= self._granted_us:
                break
        self._notify()

    def _notify(self) -> None:
        if self._stopped is not None and self._rests():
            self._stopped.set()

    def _next_due(self) -> float:
        while self._timers and self._timers[0][2].action is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else math.inf

    def _set(self, us: int) -> None:
        page = self._page
        self._limit_us = us
        page[shared.BUDGET] = 0
        page[shared.NOW_US] = us % shared.TICKS
        page[shared.NOW_MS] = us // 1000 % shared.TICKS
        page[shared.NOW_PART] = us % 1000

    def _give_budget(self) -> None:
        budget = max(0, int(min(self._next_due(), self._granted_us)) - self.now_us())
        self._limit_us += budget
        self._page[shared.BUDGET] = budget
