"""Code that is needed now and then: loaded when it is, and forgotten after, so that the heap holds what every second needs."""

import asyncio
import gc
import sys

_BREATH_MS = 15
_TRIES = 30


def load(name):
    """The module ``name`` (dotted)."""
    if name not in sys.modules:
        gc.collect()  # what stays of it should lie low in the heap, not scattered behind garbage
        __import__(name)
    return sys.modules[name]


class OnDemand:
    """Stands for an object of a part that is needed now and then: made for the one call of a method, and forgotten after."""

    def __init__(self, part, name, *arguments):
        self._part = part
        self._name = name
        self._arguments = arguments

    def __getattr__(self, method):
        made = getattr(load(self._part), self._name)(*self._arguments)
        drop(self._part)
        return getattr(made, method)


async def bring(*names):
    """Load several, with a turn for the keypad after each: one takes an ESP32 some 10 ms a kilobyte.

    Where there is no room, whoever is about to end gets a moment to make some; then `MemoryError`.
    """
    for name in names:
        tries = _TRIES
        while name not in sys.modules:
            try:
                load(name)
            except MemoryError:
                tries -= 1
                if not tries:
                    raise
                await asyncio.sleep_ms(_BREATH_MS)
            await asyncio.sleep_ms(0)


def drop(*names):
    """Forget modules, if they were loaded; the collector takes their code once nobody uses it.

    None and not `del` alone: MicroPython's maps keep the value of a deleted key until its place is taken again.
    """
    for name in names:
        if name in sys.modules:
            package, _, short = name.rpartition(".")
            if package:
                setattr(sys.modules[package], short, None)
            sys.modules[name] = None
            del sys.modules[name]
