"""The page of memory that host and firmware share: 16,384 little-endian 32-bit words.

The fakes under fakes/ read and write it with the same word numbers (tests/test_simulator_page.py compares them). Every
word has one writer at a time; the firmware never stores more than 30 bits, because a larger number would take heap.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SIZE = 65536
GPIOS = 64

WRITE, READ, BELL = 1, 2, 3
LINK = 4
RTC_S, RTC_MS = 5, 6
WDT_FED = 7
RESET_CAUSE = 8
LOW, HIGH, FIGHT = 9, 10, 11
BUDGET, NOW_US, NOW_MS, NOW_PART = 12, 13, 14, 15  # virtual time only
MEMORY_LENGTH = 20
UNIQUE_ID = 96  # bytes, not words
JOINED, LINE, LEVEL, STATE = 64, 128, 192, 256
MEMORY, MEMORY_SIZE = 4096, 2048  # bytes
RING, RING_MASK = 2048, 8191

TICKS = 1 << 30
FLOATS = -1


class PinEvent(NamedTuple):
    """One thing a pin did: `us` is microseconds of the bench's clock."""

    us: int
    kind: int
    gpio: int
    value: int


LEVEL_EVENT, MODE_EVENT, PWM_FREQ_EVENT, PWM_DUTY_EVENT = 0, 1, 2, 3


class Page:
    """The host's side of the page."""

    def __init__(self, folder: Path) -> None:
        # An unlinked file rather than memfd: macOS has none.
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the board
        self._file.truncate(SIZE)
        self._map = mmap.mmap(self._file.fileno(), SIZE)
        self._words = memoryview(self._map).cast("i")
        for gpio in range(GPIOS):
            self._words[LEVEL + gpio] = FLOATS

    @property
    def fileno(self) -> int:
        return self._file.fileno()

    def __getitem__(self, word: int) -> int:
        return self._words[word]

    def __setitem__(self, word: int, value: int) -> None:
        self._words[word] = value

    def bytes_at(self, at: int, length: int) -> bytes:
        return self._map[at : at + length]

    def put_bytes(self, at: int, data: bytes) -> None:
        self._map[at : at + len(data)] = data

    def lose_power(self, ticks_ms: int) -> None:
        """Clear what power-off clears: everything but the chip's own number and the wiring. The RTC starts at 2000."""
        keep_id = self.bytes_at(UNIQUE_ID, 6)
        lines = self.bytes_at(4 * JOINED, 4 * 3 * GPIOS)
        self.put_bytes(0, bytes(SIZE))
        self.put_bytes(UNIQUE_ID, keep_id)
        self.put_bytes(4 * JOINED, lines)
        self._words[RTC_MS] = ticks_ms

    def reset_pins(self) -> None:
        """What a reset does to pins and events; RTC, its memory and the wiring stay."""
        for word in (WRITE, READ, BELL, LOW, HIGH):
            self._words[word] = 0
        for gpio in range(GPIOS):
            self._words[STATE + gpio] = 0

    def take_events(self, now: int) -> Iterator[PinEvent]:
        """What the pins did since the last call, oldest first; `now` is the bench's clock in µs."""
        words = self._words
        read = words[READ]
        while read != words[WRITE]:
            stamp, code = words[RING + read], words[RING + read + 1]
            read = (read + 2) & RING_MASK
            words[READ] = read
            # The stamp's upper bits are those of the present, which it is at most 9 minutes away from.
            us = now + (stamp - now + TICKS // 2) % TICKS - TICKS // 2
            yield PinEvent(us, code >> 26 & 15, code >> 20 & 63, code & 0xFFFFF)

    def close(self) -> None:
        self._words.release()
        self._map.close()
        self._file.close()


def pin_bits(state: int) -> tuple[int, int, int]:
    """(output latch, mode, pull) of a STATE word: modes are machine.Pin's 1 IN, 3 OUT, 7 OPEN_DRAIN."""
    return state & 1, state >> 1 & 7, state >> 4 & 3
