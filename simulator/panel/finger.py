"""One finger on the keypad, moved from a web page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

DOWN_S = 0.060
UP_S = 0.060
"""A real finger is neither faster down nor faster up, and the firmware promises to miss nothing that is as slow. Between two
presses of one key 18 ms would do on a real board; the simulated one shares its computer."""


class _Press:
    def __init__(self, key: str) -> None:
        self.key = key
        self.let_go = asyncio.Event()


class Finger:
    """Presses come one after the other, however fast they are clicked; a key stays down as long as the mouse holds it.

    `contact(key, closed)` moves the contact; `run` is the task that does so.
    """

    def __init__(self, contact: Callable[[str, bool], None]) -> None:
        self._contact = contact
        self._presses: asyncio.Queue[_Press] = asyncio.Queue()
        self._last: _Press | None = None

    def down(self, key: str) -> None:
        """Press `key`; a key still held is let go first."""
        self.up()
        self._last = _Press(key)
        self._presses.put_nowait(self._last)

    def up(self) -> None:
        """Let go of whatever is held."""
        if self._last:
            self._last.let_go.set()
        self._last = None

    async def run(self) -> None:
        """Press what is to be pressed, for ever."""
        while True:
            press = await self._presses.get()
            self._contact(press.key, True)
            try:
                await asyncio.sleep(DOWN_S)
                await press.let_go.wait()
            finally:
                self._contact(press.key, False)
            await asyncio.sleep(UP_S)
