"""machine as on the ESP32, as far as a terminal uses it: Pin, PWM, I2C, RTC, WDT and resets.

What is left out raises AttributeError. Not imitated: interrupts, timers, ADC, SPI, UART, sleep modes, drive strength,
the analogue side of a pin, PWM channels running out, strapping and input-only pins, clock stretching and bus faults on I2C.
"""

import time

from _bench import B, W, call, event, _fetch

_RESET_CAUSE = const(8)
_LOW = const(9)
_HIGH = const(10)
_FIGHT = const(11)
_WDT_FED = const(7)
_UNIQUE_ID = const(96)
_JOINED = const(64)
_LINE = const(128)
_LEVEL = const(192)
_STATE = const(256)

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=0, hold=None):
        if not isinstance(id, int) or not 0 <= id < 49:
            raise ValueError("invalid pin")
        self._id = id
        # A line is a wire of the keypad: the host never hears of it, it publishes which lines the keys join.
        self._line = W[_LINE + id]
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, hold=None):
        # State lives in the page, as a pin's does in the chip: two Pin objects of one pin share it.
        s = W[_STATE + self._id]
        if value is not None:
            s = s & ~1 | bool(value)
        if mode >= 0:
            s = s & 0x31 | mode << 1
        if pull is None:
            pull = 0
        if pull >= 0:
            s = s & 0xF | pull << 4
        W[_STATE + self._id] = s
        if self._line:
            self._drive(s)
        else:
            event(1 << 26 | self._id << 20 | s)

    def _drive(self, s):
        w = W
        m = self._line
        w[_LOW] = w[_LOW] & ~m
        w[_HIGH] = w[_HIGH] & ~m
        if s & 4:  # an output
            if not s & 1:
                w[_LOW] = w[_LOW] | m
            elif not s & 8:
                w[_HIGH] = w[_HIGH] | m

    def value(self, v=None):
        w = W
        i = self._id
        s = w[_STATE + i]
        if v is not None:
            if s & 1 != bool(v):
                w[_STATE + i] = s ^ 1
                if self._line:
                    self._drive(s ^ 1)
                else:
                    event(i << 20 | bool(v))
            return None
        if self._line:
            joined = w[_JOINED + i]
            low = w[_LOW] & joined
            high = w[_HIGH] & joined
            if low:
                if high:
                    w[_FIGHT] = 1  # two outputs against each other through the keys: a board could be damaged
                return 0
            if high:
                return 1
        elif s & 12 == 4:
            return s & 1
        level = w[_LEVEL + i]
        return level if level >= 0 else s >> 5 & 1

    __call__ = value


class PWM:
    def __init__(self, dest, *, freq=5000, duty_u16=32768):
        self._id = dest._id << 20
        self.init(freq=freq, duty_u16=duty_u16)

    def init(self, *, freq=None, duty_u16=None):
        if freq is not None:
            self.freq(freq)
        if duty_u16 is not None:
            self.duty_u16(duty_u16)

    def freq(self, hz=None):
        if hz is None:
            return self._freq
        if not 0 < hz <= 40000000:
            raise ValueError("frequency must be from 1Hz to 40MHz")
        self._freq = hz
        event(2 << 26 | self._id | min(hz, 0xFFFFF))

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self._duty = duty
        event(3 << 26 | self._id | duty)

    def deinit(self):
        self.duty_u16(0)


class WDT:
    def __init__(self, id=0, timeout=5000):
        if id or timeout < 1:
            raise ValueError
        self.feed()
        call(3, timeout)

    def feed(self):
        W[_WDT_FED] = time.ticks_ms()


def unique_id():
    return bytes(B[_UNIQUE_ID : _UNIQUE_ID + 6])


def reset_cause():
    return W[_RESET_CAUSE]


def freq(hz=160000000):
    return hz


def reset():
    call(2, HARD_RESET)


def soft_reset():
    call(2, SOFT_RESET)


def __getattr__(name):
    if name == "I2C":
        return _fetch("_i2c", name)
    if name == "RTC":
        return _fetch("_rtc", name)
    raise AttributeError(name)
