"""The tests in `tests/both/` once more, on 32-bit and 64-bit MicroPython."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from host_tools import toolchain

BOTH = Path(__file__).parent / "both"
# Enough for any test from source; what the application may use on the device is measured elsewhere, from .mpy files.
HEAP = "heapsize=16M"


def run_on_micropython(interpreter: Path, modules: list[str], folder: Path = BOTH) -> subprocess.CompletedProcess[str]:
    """Run test modules of `folder` through `tests/both/run.py`."""
    path = [toolchain.ROOT, BOTH, folder, toolchain.library_dir(), ".frozen"]
    return subprocess.run(
        [interpreter, "-X", HEAP, BOTH / "run.py", *modules],
        env={**os.environ, "MICROPYPATH": ":".join(map(str, path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )


@pytest.fixture(params=[32, 64])
def interpreter(request: pytest.FixtureRequest) -> Path:
    """Both word sizes; a host that cannot run 32 bit skips it, except with `CI=true`."""
    tool = toolchain.micropython(request.param)
    if not tool.name.endswith(str(request.param)):
        pytest.skip(f"no {request.param}-bit MicroPython on this host")
    return tool


@pytest.mark.parametrize("module", sorted(path.stem for path in BOTH.glob("test_*.py")))
def test_module_passes(interpreter: Path, module: str) -> None:
    done = run_on_micropython(interpreter, [module])
    assert done.returncode == 0, done.stdout


def test_runner_reports_each_test_and_fails_on_one(interpreter: Path, tmp_path: Path) -> None:
    (tmp_path / "test_mixed.py").write_text("def test_good():\n    pass\ndef test_bad():\n    assert 1 == 2\n")
    done = run_on_micropython(interpreter, ["test_mixed"], tmp_path)
    assert done.returncode == 1
    assert "ok   test_mixed.test_good" in done.stdout
    assert "FAIL test_mixed.test_bad" in done.stdout
    assert "AssertionError" in done.stdout
    assert done.stdout.endswith("1 passed, 1 failed\n")


def test_runner_fails_on_a_module_that_does_not_import_and_on_none(interpreter: Path, tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import no_such_module\n")
    assert run_on_micropython(interpreter, ["test_broken"], tmp_path).returncode == 1
    assert run_on_micropython(interpreter, []).returncode == 1
