"""Which baud rate a USB adapter can be trusted with: many CH340 and CP2102 clones fail at their nominal rate.

Remembered per adapter, so that only the first board on a bad one pays for finding out.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

RATES = (460_800, 230_400, 115_200)


class AdapterMemory:
    """The rates, in a JSON file. Thread-safe; a damaged file is as good as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            stored = {}
        self._rates: dict[str, int] = stored if isinstance(stored, dict) else {}

    def rates(self, adapter: str) -> tuple[int, ...]:
        """The rates to try, the highest first; none above what the adapter last worked at."""
        limit = self._rates.get(adapter)
        return RATES if limit not in RATES else RATES[RATES.index(limit) :]

    def worked(self, adapter: str, rate: int) -> None:
        """A board was written at `rate` through this adapter."""
        with self._lock:
            if self._rates.get(adapter) == rate:
                return
            self._rates[adapter] = rate
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(self._rates, indent=1), encoding="utf-8")
            draft.replace(self._path)
