"""build/bench.json: the one file that `make bench` and every campaign write their figures into."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent.parent / "build" / "bench.json"

Figures = dict[str, dict[str, Any]]


def figure(value: float | int, unit: str, compared_with: float | int | None = None) -> dict[str, Any]:
    """One entry of the file; `ratio` is against `compared_with` when there is one."""
    ratio = round(value / compared_with, 3) if compared_with else None
    return {"value": value, "unit": unit, "compared_with": compared_with, "ratio": ratio}


def merge(figures: Figures, path: Path = PATH) -> None:
    """Put `figures` into the file, beside what others have measured. Two campaigns may do so at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known: Figures = json.loads(path.read_text()) if path.exists() else {}
        new = path.with_suffix(".new")
        new.write_text(json.dumps(dict(sorted({**known, **figures}.items())), indent=1) + "\n")
        new.replace(path)
