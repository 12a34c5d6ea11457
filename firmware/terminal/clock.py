"""The terminal's clock: Unix seconds carried on by the tick counter, set by the best source at hand.

A time is believed only when it is not before the floor, the latest moment the terminal has proof of (its last record, its
list, its build). Without a believed time the clock is unset and every check is refused (law 5): nothing is guessed.
"""

from protocol.record import CLOCKS

UNSET = CLOCKS.index("unset")
CENTRE = CLOCKS.index("centre")
NETWORK = CLOCKS.index("network")
CHIP = CLOCKS.index("chip")
SUPERVISOR = CLOCKS.index("supervisor")
_TRAIL_S = 4


class Clock:
    """``ticks`` has ``ticks_ms``, ``ticks_diff``, ``ticks_add``; ``chip`` has ``read() -> Unix seconds or None``, ``set(s)``."""

    def __init__(self, ticks, chip, floor):
        self._ticks = ticks
        self._chip = chip
        self._floor = floor
        self._unix = 0
        self._at = 0
        self.source = UNSET
        time = chip.read()
        if time is not None:
            # The chip may trail the clock by what is not worth writing to it: a record made a second ago is no proof against it.
            self._take(floor if floor - _TRAIL_S < time < floor else time, CHIP)

    def now(self):
        """Unix seconds, or None when the clock is unset."""
        if self.source == UNSET:
            return None
        # Carried on by whole seconds here, so that the wrap of the tick counter (12 days) is never reached between two calls.
        seconds = self._ticks.ticks_diff(self._ticks.ticks_ms(), self._at) // 1000
        if seconds > 0:
            self._unix += seconds
            self._at = self._ticks.ticks_add(self._at, seconds * 1000)
        return self._unix

    def raise_floor(self, time):
        """Proof that it is at least ``time``; a clock that says less was wrong."""
        if time > self._floor:
            self._floor = time
            if self.source > CENTRE and self.now() < time:
                self.source = UNSET

    def hear_centre(self, time):
        """The centre's time, from an authenticated message: always believed."""
        self._take(time, CENTRE, 0)

    def hear_network(self, time):
        """Network time: anyone may have sent it, so it never moves what the centre has set."""
        return self.source != CENTRE and self._take(time, NETWORK)

    def set_by_supervisor(self, time):
        """A date keyed at the terminal; False when it is before the floor."""
        return self._take(time, SUPERVISOR)

    def _take(self, time, source, floor=None):
        if time < (self._floor if floor is None else floor):
            return False
        previous = self.now()
        self._unix = time
        self._at = self._ticks.ticks_ms()
        self.source = source
        # The chip is written only when it would be wrong: every connection brings the centre's time.
        if source != CHIP and (previous is None or not -2 < previous - time < 2):
            self._chip.set(time)
        return True
