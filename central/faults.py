"""Named points at which a test may have the centre killed, as a power cut would: no cleaning up, no goodbye.

``CHEYOU_FAULT=after-commit`` kills the process with SIGKILL the first time it reaches that point, ``after-commit:3`` the
third time. Points: ``before-commit``, ``after-commit`` (committed, receipt not yet sent), ``after-receipt``. Without the
variable, reaching a point costs one comparison.
"""

from __future__ import annotations

import os
import signal

_point, _, _count = os.environ.get("CHEYOU_FAULT", "").partition(":")
_left = int(_count) if _count.isdigit() else 1


def reach(point: str) -> None:
    """Say that the process has come to ``point``."""
    global _left
    if point == _point:
        _left -= 1
        if _left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
