"""time as on the ESP32: seconds count from 2000, whole, in UTC, and start at 0 after power-on.

Not imitated: the crystal's drift, and `time_ns` finer than a second.
"""

import utime
from utime import *

from _bench import W

_RTC_S = const(5)
_RTC_MS = const(6)
_SINCE_1970 = const(946684800)


def time():
    return W[_RTC_S] + ticks_diff(ticks_ms(), W[_RTC_MS]) // 1000


def time_ns():
    return time() * 1000000000


def gmtime(secs=None):
    return utime.gmtime((time() if secs is None else secs) + _SINCE_1970)[:8]


localtime = gmtime


def mktime(t):
    return utime.mktime(tuple(t)[:8] + (0,)) - _SINCE_1970  # the bench sets TZ=UTC
