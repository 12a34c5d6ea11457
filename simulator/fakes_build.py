"""Compile the fakes that run inside MicroPython, once for each version of their source."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from host_tools import toolchain
from host_tools.errors import CheYouError

SOURCES = Path(__file__).with_name("fakes")
CACHE = toolchain.ROOT / "build" / "simulator"


def compiled_fakes(virtual_time: bool = False) -> Path:
    """The folder to put on MicroPython's path. With `virtual_time`, modules of fakes/virtual/ replace those of fakes/."""
    sources = {path.name: path for path in sorted(SOURCES.glob("*.py"))}
    if virtual_time:
        sources |= {path.name: path for path in sorted((SOURCES / "virtual").glob("*.py"))}
    digest = hashlib.sha256()
    for name, path in sorted(sources.items()):
        digest.update(name.encode() + path.read_bytes())
    folder = CACHE / f"fakes-{digest.hexdigest()[:16]}"
    if not folder.is_dir():
        _compile(sources, folder)
    return folder


def _compile(sources: dict[str, Path], folder: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    # Into a folder of its own and then renamed: several boards may start at once.
    with tempfile.TemporaryDirectory(dir=CACHE) as fresh:
        target = Path(fresh) / "fakes"
        target.mkdir()
        for name, path in sources.items():
            output = target / name.replace(".py", ".mpy")
            command = [str(toolchain.mpy_cross()), "-s", name, "-O2", "-o", str(output), str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise CheYouError(f"the simulator's {name} does not compile: {done.stderr.strip()}", "run `make setup`")
        try:
            target.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
