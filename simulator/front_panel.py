"""What a person sees and hears: display, backlight, LEDs, buzzer, fed from the events of the pins.

The glass is reported when it has been still for 10 ms, and every 20 ms while it changes, with the time of the last pin
write: nobody reads the half-written screens in between.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator import page as shared
from simulator.events import Event
from simulator.hd44780 import Hd44780
from simulator.page import PinEvent
from simulator.st7920 import St7920
from simulator.wiring import Wiring

STILL_US = 10_000
LONGEST_US = 20_000


class FrontPanel:
    """Owns the display controller; `report` gets events without their time, and the time in µs."""

    def __init__(self, wiring: Wiring, report: Callable[[int, Event], None]) -> None:
        self._wiring = wiring
        self._report = report
        self.display = St7920() if wiring.display == "st7920" else Hd44780(wiring.columns, wiring.rows)
        self.leds = dict.fromkeys(wiring.leds.values(), False)
        self.backlight = wiring.backlight is None
        self.glass = self.display.glass()
        self._modes: dict[int, int] = {}
        self._latches: dict[int, int] = {}
        self._hz = 0
        self._duty = 0
        self._tone: tuple[int, int] | None = None
        self.on_tone: list[Callable[[int], None]] = []
        """Called with the pitch as a tone begins, with 0 as it ends: events tell of a tone only when it is over."""
        self._reported_us = 0
        self._pending_us: int | None = None

    def power_on(self, us: int) -> None:
        self.display.power_on(us)

    def power_off(self, us: int) -> None:
        """Everything dark and silent."""
        self.reset_pins(us)
        self.display.power_on(us)
        self.refresh(us, at_once=True)

    def reset_pins(self, us: int) -> None:
        """Pins float after a reset: LEDs off, tone off; the display keeps what it shows."""
        self._modes.clear()
        self._latches.clear()
        for gpio in (*self._wiring.leds, self._wiring.backlight, self._wiring.buzzer):
            if gpio is not None:
                self._level(us, gpio, None)
        self._hz = self._duty = 0
        self._sound(us)

    def take(self, event: PinEvent) -> None:
        """Carry out one pin event."""
        us, kind, gpio, value = event
        if kind == shared.PWM_FREQ_EVENT:
            if gpio == self._wiring.buzzer:
                self._hz = value
                self._sound(us)
            return
        if kind == shared.PWM_DUTY_EVENT:
            if gpio == self._wiring.buzzer:
                self._duty = value
                self._sound(us)
            return
        if kind == shared.MODE_EVENT:
            self._latches[gpio], self._modes[gpio], _pull = shared.pin_bits(value)
        else:
            self._latches[gpio] = value
        driven = self._modes.get(gpio, 0) & 2
        self._level(us, gpio, self._latches[gpio] if driven else None)

    def expander(self, us: int, outputs: int) -> None:
        """The outputs of the port expander that carries the display change, all at once; E counts last."""
        for bit, name in ((0, "rs"), (4, "d4"), (5, "d5"), (6, "d6"), (7, "d7"), (2, "en")):
            self.display.pin(us, name, outputs >> bit & 1)
        self.backlight = bool(outputs & 8)

    def refresh(self, us: int, at_once: bool = False) -> bool:
        """Report a changed glass when it is due. True while there is something left to report."""
        changed = self.display.changed_us
        if changed == self._reported_us:
            return False
        if self._pending_us is None:
            self._pending_us = changed
        if not at_once and us - changed < STILL_US and us - self._pending_us < LONGEST_US:
            return True
        self._reported_us, self._pending_us = changed, None
        glass = self.display.glass()
        if glass != self.glass:
            self.glass = glass
            self._report(changed, {"lcd": glass})
        return False

    def _level(self, us: int, gpio: int, level: int | None) -> None:
        """`level` is None for a pin that nothing drives."""
        name = self._wiring.display_pins.get(gpio)
        if name is not None:
            self.display.pin(us, name, level or 0)
            return
        colour = self._wiring.leds.get(gpio)
        if colour is not None:
            lit = bool(level)
            if lit != self.leds[colour]:
                self.leds[colour] = lit
                self._report(us, {"led": dict(self.leds)})
        elif gpio == self._wiring.backlight:
            self.backlight = bool(level)

    def _sound(self, us: int) -> None:
        hz = self._hz if self._duty else 0
        if self._tone is not None:
            started, was = self._tone
            if was == hz:
                return
            self._tone = None
            self._hear(0)
            self._report(started, {"beep": [was, round((us - started) / 1000)]})
        if hz:
            self._tone = (us, hz)
            self._hear(hz)

    def _hear(self, hz: int) -> None:
        for listener in self.on_tone:
            listener(hz)
