"""Starts the terminal, forgets the code that built it, and lets the loop run."""

import asyncio

from firmware.terminal import overlay


def run():
    """Never returns: a fault that gets here ends in a restart by the watchdog."""
    overlay.load("firmware.main").main()
    overlay.drop("firmware.main")
    asyncio.get_event_loop().run_forever()
