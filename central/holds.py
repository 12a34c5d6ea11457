"""Units of limited offers that a terminal has been told are its to give.

Between a check and the redemption that follows it a member's last unit belongs to the terminal that asked first: for `HOLD_S`
another one is refused. A hold ends earlier when a redemption comes in that was made on it. Holds live in memory, for only one
centre answers for a database; after a restart they are drawn from the log of checks, so that only the last quarter second
before a crash can be missing.
"""

from __future__ import annotations

from collections.abc import Callable

HOLD_S = 120
_SWEEP_AT = 10_000

Unit = tuple[str, int, int]  # merchant, offer, member


class Holds:
    """By unit, which terminals hold one, and since when (Unix seconds)."""

    def __init__(self) -> None:
        self._held: dict[Unit, dict[str, int]] = {}

    def take(self, unit: Unit, terminal: str, now: int) -> None:
        """``terminal`` may give one from now on; asking again prolongs it."""
        if len(self._held) >= _SWEEP_AT:
            self._held = {unit: held for unit, held in self._held.items() if max(held.values()) > now - HOLD_S}
        self._held.setdefault(unit, {})[terminal] = now

    def others(self, unit: Unit, terminal: str, now: int, redeemed: Callable[[str, int], bool]) -> int:
        """How many are held by other terminals than this. ``redeemed(terminal, since)``: whether that one has given it since."""
        held = self._held.get(unit)
        if not held:
            return 0
        for other, since in list(held.items()):
            if since <= now - HOLD_S or (other != terminal and redeemed(other, since)):
                del held[other]
        if not held:
            del self._held[unit]
        return len(held) - (terminal in held)
