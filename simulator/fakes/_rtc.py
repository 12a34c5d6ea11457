"""The RTC of `machine`, loaded when it is asked for: clock and memory that outlive a reset."""

import time

from _bench import B, W

_RTC_S = const(5)
_RTC_MS = const(6)
_MEMORY_LENGTH = const(20)
_MEMORY = const(4096)


class RTC:
    def datetime(self, t=None):
        if t is None:
            now = time.gmtime()
            return now[:3] + (now[6],) + now[3:6] + (0,)
        W[_RTC_S] = time.mktime(tuple(t[:3]) + tuple(t[4:7]) + (0, 0))
        W[_RTC_MS] = time.ticks_ms()

    def memory(self, data=None):
        if data is None:
            return bytes(B[_MEMORY : _MEMORY + W[_MEMORY_LENGTH]])
        if len(data) > 2048:
            raise ValueError("buffer too long")
        B[_MEMORY : _MEMORY + len(data)] = data
        W[_MEMORY_LENGTH] = len(data)
