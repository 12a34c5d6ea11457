"""time in virtual time: the page holds the clock, sleeping moves it, and so, by 2 µs, does looking at it.

Code takes no time otherwise. Not imitated: what fakes/time.py does not.
"""

import sys

import utime
from utime import ticks_add, ticks_diff  # noqa: F401 - asyncio takes both from here

import _bench
from _bench import W, call

_RTC_S = const(5)
_RTC_MS = const(6)
_BUDGET = const(12)
_NOW_US = const(13)
_NOW_MS = const(14)
_NOW_PART = const(15)
_TICKS_MASK = const(0x3FFFFFFF)
_SLEEP = const(50)
_LONG = const(500000)
_SINCE_1970 = const(946684800)


def advance(us):
    """Let `us` microseconds pass; for ever when negative."""
    w = W
    left = w[_BUDGET] - us
    if us < 0 or left < 0:
        call(_SLEEP, us)
        return
    w[_BUDGET] = left
    w[_NOW_US] = w[_NOW_US] + us & _TICKS_MASK
    part = w[_NOW_PART] + us
    w[_NOW_MS] = w[_NOW_MS] + part // 1000 & _TICKS_MASK
    w[_NOW_PART] = part % 1000


def ticks_us():
    advance(2)
    return W[_NOW_US]


def ticks_ms():
    advance(2)
    return W[_NOW_MS]


ticks_cpu = ticks_us


def sleep_us(us):
    if us > 0:
        advance(us)


def sleep_ms(ms):
    while ms > _LONG:  # a microsecond count has to stay a small int
        advance(_LONG * 1000)
        ms -= _LONG
    sleep_us(ms * 1000)


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def time():
    return W[_RTC_S] + ticks_diff(W[_NOW_MS], W[_RTC_MS]) // 1000


def time_ns():
    return time() * 1000000000


def gmtime(secs=None):
    return utime.gmtime((time() if secs is None else secs) + _SINCE_1970)[:8]


localtime = gmtime


def mktime(t):
    return utime.mktime(tuple(t)[:8] + (0,)) - _SINCE_1970


_bench.ticks_us = ticks_us  # pin events are stamped with it

import _tasks  # noqa: E402 - it takes its clock from here

sys.modules["_asyncio"] = _tasks
