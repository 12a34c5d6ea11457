"""Parts that come and go: what finds no room is tried again, with a moment for others between."""

import asyncio
import sys

import asyncio_ms  # noqa: F401 - for CPython

from firmware.terminal import overlay

PART = "firmware.terminal.training"
LOAD, DROP = overlay.load, overlay.drop  # other tests put theirs in their place


class Heap:
    """Loads `PART` once there have been ``fills`` tries in vain."""

    def __init__(self, fills):
        self.tries = self.turns = 0
        self._fills = fills

    def load(self, name):
        self.tries += 1
        if self.tries <= self._fills:
            raise MemoryError
        return LOAD(name)

    async def others(self):
        while True:
            self.turns += 1
            await asyncio.sleep_ms(1)

    async def bringing(self):
        others = asyncio.create_task(self.others())
        try:
            await overlay.bring(PART, PART)
        finally:
            others.cancel()


def brought(fills):
    """The heap that a part has come into, or not, with that many tries in vain."""
    DROP(PART)
    heap = Heap(fills)
    overlay.load = heap.load
    try:
        asyncio.run(heap.bringing())
    except MemoryError:
        pass
    finally:
        overlay.load = LOAD
    return heap


def test_a_part_comes_once():
    assert brought(0).tries == 1 and PART in sys.modules


def test_what_finds_no_room_waits_for_some():
    heap = brought(3)
    assert heap.tries == 4 and PART in sys.modules
    assert heap.turns > 3, "others had time to make room"


def test_where_no_room_is_made_it_ends():
    heap = brought(overlay._TRIES)
    assert heap.tries == overlay._TRIES and PART not in sys.modules


def test_what_is_dropped_comes_anew():
    before = LOAD(PART)
    DROP(PART, "firmware.terminal.no_such_part")
    assert PART not in sys.modules and LOAD(PART) is not before
