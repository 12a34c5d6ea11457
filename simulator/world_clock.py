"""What time it is outside, in the clock chip, and in the chip's own RTC.

The world starts at the host's time. `set_world` lets time pass (or turn back) for all of them together, as if the board
had been left standing until then: NTP answers, the DS3231 if it was ever set, and the ESP32's RTC if it was. Each can be
put wrong by itself. Ticks (`time.ticks_ms`) never jump.

Not imitated: drift of any of them.
"""

from __future__ import annotations

from simulator import page as shared
from simulator.page import Page
from simulator.timeline import Timeline

ESP32_EPOCH = 946_684_800


class WorldClock:
    """Unix seconds outside, and the clocks on the board that follow."""

    def __init__(self, page: Page, timeline: Timeline) -> None:
        self._page = page
        self._timeline = timeline
        self._offset = 0.0
        self.chip_offset: float | None = None
        """DS3231 time minus world time; None while its oscillator-stop flag is set."""

    def now(self) -> float:
        return self._timeline.unix() + self._offset

    def chip_now(self) -> float | None:
        return None if self.chip_offset is None else self.now() + self.chip_offset

    def set_chip(self, unix: float | None) -> None:
        self.chip_offset = None if unix is None else unix - self.now()

    def set_world(self, unix: float) -> None:
        """Move the world to `unix`; every clock that was set moves by as much."""
        step = unix - self.now()
        self._offset += step
        if self.rtc_is_set():
            self._page[shared.RTC_S] += round(step)

    def set_world_alone(self, unix: float) -> None:
        """Move only what NTP answers: the board's clocks are then wrong by the difference."""
        step = unix - self.now()
        self._offset += step
        if self.chip_offset is not None:
            self.chip_offset -= step

    def rtc_is_set(self) -> bool:
        """Whether the firmware has set its RTC since power-on (it starts at 2000, and nobody waits five years)."""
        return self._page[shared.RTC_S] > 5 * 365 * 86_400

    def rtc_now(self) -> float:
        """What the ESP32's RTC says, as Unix seconds."""
        passed = (self._timeline.ticks_ms() - self._page[shared.RTC_MS]) % shared.TICKS
        return ESP32_EPOCH + self._page[shared.RTC_S] + passed / 1000
