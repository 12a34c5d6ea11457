"""Starts `on_device/terminal_side.py` on MicroPython and reads what it tells."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from host_tools import toolchain

ON_DEVICE = Path(__file__).parent / "on_device"


class Side:
    """A running uplink. `events()` waits for its end."""

    def __init__(self, library: Path | None = None, **orders: Any) -> None:
        path = [toolchain.ROOT, library or toolchain.library_dir(), ".frozen"]
        self._process = subprocess.Popen(
            [toolchain.micropython(32), "-X", "heapsize=512K", ON_DEVICE / "terminal_side.py", json.dumps(orders)],
            env={**os.environ, "MICROPYPATH": ":".join(map(str, path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def events(self) -> list[dict[str, Any]]:
        """All it told, in order; the last is its summary."""
        output = self._process.communicate(timeout=60)[0]
        assert self._process.returncode == 0, output
        return [json.loads(line) for line in output.splitlines()]


def run(**orders: Any) -> list[dict[str, Any]]:
    """Run one uplink to its end."""
    return Side(**orders).events()
