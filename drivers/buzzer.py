"""A piezo buzzer on a PWM pin."""

import asyncio

from machine import PWM, Pin
from micropython import const

_STEP_MS = const(10)
_HALF = const(32768)


class Buzzer:
    """Plays patterns of (hz, ms); 0 Hz is a pause. A new pattern cuts the old one off: only the latest news matters."""

    def __init__(self, number):
        self._pwm = PWM(Pin(number), freq=1000, duty_u16=0)
        self._pattern = ()
        self._wake = asyncio.Event()

    def play(self, pattern):
        """Start within 10 ms and return at once."""
        self._pattern = pattern
        self._wake.set()

    async def run(self):
        """Play what comes, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for hz, ms in self._pattern:
                if hz:
                    self._pwm.freq(hz)
                self._pwm.duty_u16(_HALF if hz else 0)
                while ms > 0 and not self._wake.is_set():
                    await asyncio.sleep_ms(min(ms, _STEP_MS))
                    ms -= _STEP_MS
                if self._wake.is_set():
                    break
            else:
                self._pwm.duty_u16(0)
