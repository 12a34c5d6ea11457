"""Starts the terminal, forgets the code that built it, and lets the loop run."""

import asyncio

from firmware.terminal import overlay

# Leaves first: an import inside an import inside an import takes more stack than a board has to spare.
_LEAVES = (
    "protocol.keys", "protocol.record", "protocol.messages", "protocol.verdict", "protocol.ff1", "protocol.list_header",
    "protocol.list_section", "protocol.member_list", "firmware.terminal.ring", "firmware.terminal.journal",
    "firmware.terminal.list_writer", "firmware.terminal.list_store", "firmware.terminal.connection",
)  # fmt: skip


def run():
    """Never returns: a fault that gets here ends in a restart by the watchdog."""
    for name in _LEAVES:
        overlay.load(name)
    overlay.load("firmware.main").main()
    overlay.drop("firmware.main")
    asyncio.get_event_loop().run_forever()
