"""What can go wrong on a bench: put in by a test, taken out by happening."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class Faults:
    """Counters run down as the faults happen; thread-safe, since a test sets them while the double runs.

    refuse_blocks: so many data blocks are answered with an error status (a "NAK"), as for a bad checksum
    corrupt_flash_writes: so many written blocks have a bit wrong in flash, which only verifying finds
    garbage_before_answers: so many answers have line noise in front
    silent_answers: so many commands are not answered at all
    unplug_after_bytes: the cable comes out when so many more bytes have been written to flash
    good_baud: above this rate both ends read noise (a CH340 clone on a long cable); None: every rate works
    """

    refuse_blocks: int = 0
    corrupt_flash_writes: int = 0
    garbage_before_answers: int = 0
    silent_answers: int = 0
    unplug_after_bytes: int | None = None
    good_baud: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, name: str) -> bool:
        """Whether fault `name` happens now; it is then one fewer."""
        with self._lock:
            left: int = getattr(self, name)
            if left > 0:
                setattr(self, name, left - 1)
            return left > 0

    def unplugged_by(self, written: int) -> bool:
        """Count `written` bytes; whether they bring the cable out."""
        with self._lock:
            if self.unplug_after_bytes is None:
                return False
            self.unplug_after_bytes -= written
            if self.unplug_after_bytes > 0:
                return False
            self.unplug_after_bytes = None
            return True
