"""Starts the terminal, forgets the code that built it, and lets the loop run. A fault that nothing below has handled ends here:
its text is kept, the chip restarts, and a terminal that fails again and again starts in safe mode. Where files are so damaged
that this cannot start either, `last_words` says so."""

import asyncio
import sys

from drivers.watchdog import arm, count_start, failed_starts, restart
from firmware.terminal import overlay
from firmware.terminal.files import LAST_FAULT

_MOST_STARTS = 3
# One after the other: what loading one leaves free among its code, in pieces of 16 bytes, the next one fills.
_LAYERS = "firmware.terminal.screens", "firmware.terminal.journal", "firmware.terminal.uplink"


def run():
    """Never returns."""
    failed = failed_starts()
    safe = failed >= _MOST_STARTS
    try:
        if failed > _MOST_STARTS:
            overlay.load("firmware.last_words")  # not even safe mode has started
        count_start()
        arm()
        loop = asyncio.get_event_loop()
        # A task that dies takes its part of the terminal with it, the keypad perhaps: better a restart of two seconds.
        loop.set_exception_handler(lambda _loop, context: _end(context["exception"], safe))
        for layer in _LAYERS:
            overlay.load(layer)
        overlay.load("firmware.main").main(safe)
        overlay.drop("firmware.main", "firmware.peripherals", "firmware.terminal.mount")
        loop.run_forever()
    except Exception as fault:
        _end(fault, safe)


def _end(fault, safe):
    sys.print_exception(fault)
    if not safe:
        try:
            with open(LAST_FAULT, "w") as file:
                sys.print_exception(fault, file)
        except OSError:
            pass  # a file system that can't be written is perhaps the very fault
    restart()
