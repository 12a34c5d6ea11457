"""How many records wait in a board's journal, read off its flash as docs/journal.md lays it out.

The firmware is not asked: what counts is what would be there after a power cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware.terminal import sector
from simulator.board import BenchBoard

SLOT = 64
SLOTS = 63  # of a sector; its header takes the place of one more


@dataclass(frozen=True)
class Gauge:
    """Records: waiting for their receipt, the most that can wait, and how many there ever were."""

    waiting: int
    capacity: int
    total: int


def gauge(board: BenchBoard) -> Gauge | None:
    """What the journal holds now; None while there is none."""
    blocks = board.sector_heads("journal", sector.SECTOR_BYTES)
    headers = [(header, block) for block in blocks if (header := sector.decode(block)) is not None]
    if not headers:
        return None
    newest, block = max(headers, key=lambda found: found[0].ordinal)
    total = newest.index + _records(block)
    marked = [header for header, _ in headers if header.released is not None]
    # The newest mark speaks for everything before it.
    released = max((header.index + header.released for header in marked), default=0)
    return Gauge(max(0, total - released), (len(blocks) - 1) * SLOTS, total)


def _records(block: bytes) -> int:
    slots = (block[at : at + SLOT] for at in range(sector.HEADER_BYTES, len(block), SLOT))
    return sum(1 for slot in slots if slot not in (b"\xff" * SLOT, bytes(SLOT)))
