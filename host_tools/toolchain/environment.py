"""The Python environment in `.venv`, from the lock files, and the project itself installed into it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tomllib
from pathlib import Path

from host_tools.errors import CheYouError
from host_tools.toolchain import ROOT, TOOLS, VENV, debian
from host_tools.toolchain.pieces import digest
from host_tools.toolchain.process import run

PYTHON = VENV / "bin" / "python"
INDEX_UNREACHABLE = "check the network and pip's settings, then run the same command again"


def recipe(lock: str) -> str:
    """Changes with the lock file, the project's entry points, and the folder (an environment cannot be moved)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return digest([ROOT / lock], repr(project["scripts"]), str(ROOT))


def install(lock: str) -> str:
    """Create `.venv` if need be, install what `lock` names at exactly its versions and digests, then the project."""
    if not _works():
        shutil.rmtree(VENV, ignore_errors=True)
        _create()
    pip("install", "--require-hashes", "--no-deps", "-r", ROOT / lock)
    pip("install", "--no-build-isolation", "--no-deps", "-e", ROOT)
    return f"Python {sys.version_info.major}.{sys.version_info.minor}"


def _works() -> bool:
    try:
        run([PYTHON, "-c", "import pip"], failing="", next_step="")
    except CheYouError:
        return False
    return True


def _create() -> None:
    if importlib.util.find_spec("ensurepip"):
        run([sys.executable, "-m", "venv", VENV], failing="the Python environment could not be made",
            next_step="look at the disk space, then run the same command again")  # fmt: skip
        return
    # Debian keeps ensurepip apart in python3-venv; without it, pip comes out of the package that holds its wheel.
    if not debian.available():
        raise CheYouError("this Python has no ensurepip", "install your system's package for Python's venv module")
    archive = debian.Archive(debian.codename(), (debian.architecture(),))
    archive.update()
    wheels = TOOLS / "debian" / "pip"
    archive.unpack(["python3-pip-whl"], wheels)
    archive.forget()
    run([sys.executable, "-m", "venv", "--without-pip", VENV], failing="the Python environment could not be made",
        next_step="look at the disk space, then run the same command again")  # fmt: skip
    wheel = next(wheels.rglob("pip-*.whl"))
    run([PYTHON, f"{wheel}/pip", "install", "-q", wheel], failing="pip could not be installed",
        next_step=INDEX_UNREACHABLE)  # fmt: skip


def pip(*arguments: str | Path) -> None:
    """Run pip in `.venv`, with one more try for what the network may have done."""
    run([PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        failing="Python packages could not be installed", next_step=INDEX_UNREACHABLE, attempts=2)  # fmt: skip
