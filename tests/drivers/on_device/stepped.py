"""Runs one driver's `run()` without asyncio's own loop, in virtual milliseconds, so that hours take seconds."""


class Clock:
    """Stands for both `asyncio` and the ticks in a driver's module."""

    class Event:
        def __init__(self):
            self._set = False

        def set(self):
            self._set = True

        def clear(self):
            self._set = False

        def is_set(self):
            return self._set

        def wait(self):
            while not self._set:
                yield None

    def __init__(self):
        self.now = 0

    def sleep_ms(self, ms):
        yield ms

    def ticks_ms(self):
        return self.now

    def drive(self, task, until, stall=lambda now: 0):
        """Step the task until the time; `stall(now)` may hold the loop for some ms before a step."""
        while self.now < until:
            self.now += stall(self.now)
            self.now += task.send(None) or 1
