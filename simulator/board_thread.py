"""The thread a board lives on, with its asyncio loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class BoardThread:
    """Carries out what other threads ask for. Everything of a board happens here, so nothing of it needs a lock."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    def do(self, action: Callable[[], T]) -> T:
        """Carry `action` out there and return what it returns, or raise what it raises."""
        if threading.current_thread() is self._thread:
            return action()

        async def carry_out() -> T:
            return action()

        return self.wait_for(carry_out())

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Let a coroutine run there to its end."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    @property
    def ended(self) -> bool:
        return self.loop.is_closed()

    def end(self) -> None:
        """Stop the loop and the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _live(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
