"""The hardware watchdog, and the count of starts that came to nothing."""

import asyncio

from machine import RTC, WDT, reset

_TIMEOUT_MS = 10_000
_SETTLED_S = 60
_MARK = b"starts"


def failed_starts():
    """How many starts in a row ended before a minute was over. RTC memory keeps it across resets; a power cut clears it."""
    memory = RTC().memory()
    return memory[len(_MARK)] if memory[: len(_MARK)] == _MARK else 0


def count_start():
    """This start counts as failed until `watch` has seen a minute of it."""
    RTC().memory(_MARK + bytes((min(failed_starts() + 1, 255),)))


def arm():
    """From now on whatever hangs ends in a reset; what is returned has to be fed."""
    return WDT(timeout=_TIMEOUT_MS)


async def watch():
    """While the loop turns, the watchdog is fed; after a minute the start counts as a good one."""
    watchdog = arm()
    seconds = 0
    while True:
        watchdog.feed()
        await asyncio.sleep(1)
        seconds += 1
        if seconds == _SETTLED_S:
            RTC().memory(_MARK + b"\x00")


def restart():
    """Reset the chip."""
    reset()
