"""The drivers on MicroPython, 32 and 64 bit, over the fakes in `on_device/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_on_micropython import interpreter, run_on_micropython

__all__ = ["interpreter"]

ON_DEVICE = Path(__file__).parent / "on_device"


@pytest.mark.parametrize("module", ["lcd", "lcd_chinese", "keys", "small_parts"])
def test_module_passes(interpreter: Path, module: str) -> None:
    done = run_on_micropython(interpreter, [module], ON_DEVICE)
    assert done.returncode == 0, done.stdout
