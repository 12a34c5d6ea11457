"""Instructions a script takes on 32-bit MicroPython, counted by callgrind.

The valgrind of Debian 12 does not know an instruction of the i386 loader that MicroPython is started with, so Debian 13's is
unpacked privately, as the interpreter is.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from host_tools import toolchain
from host_tools.errors import CheYouError
from host_tools.toolchain import TOOLS
from host_tools.toolchain.debian import Archive, architecture, available
from host_tools.toolchain.pieces import Piece, set_up

_ROOT = TOOLS / "debian" / "valgrind"
_TOOL = _ROOT / "usr" / "bin" / "valgrind"
_SUITE = "trixie"


def _install() -> str | None:
    if not available() or architecture() != "amd64":
        raise CheYouError("callgrind needs a Debian amd64 host", "run make bench-list there")
    archive = Archive(_SUITE, ("amd64",))
    archive.update()
    # The debug symbols that valgrind recommends are for memcheck.
    archive.unpack(["valgrind"], _ROOT)
    archive.forget()
    return None


_PIECE = Piece("valgrind", f"{_SUITE} 1", _TOOL.exists, _install)


def instructions(script: Path, arguments: Sequence[str | Path | int], path: str, options: Sequence[str] = ()) -> int:
    """How many instructions `micropython32 script arguments` executes; `path` is its MICROPYPATH.

    Start-up is in it: take the difference of two runs. `CheYouError` where callgrind can't run.
    """
    set_up([_PIECE])
    # The wrapper is a shell script; callgrind has to see the interpreter itself.
    root = toolchain.micropython(32).resolve().parent.parent / "debian" / "micropython32" / "usr"
    libraries = root / "lib" / "i386-linux-gnu"
    command: list[str | Path] = [
        _TOOL, "--tool=callgrind", "--callgrind-out-file=/dev/null", libraries / "ld-linux.so.2", "--library-path", libraries,
        root / "bin" / "micropython", *options, script, *map(str, arguments),
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False,
        env={**os.environ, "VALGRIND_LIB": str(_ROOT / "usr" / "libexec" / "valgrind"), "MICROPYPATH": path},
    )  # fmt: skip
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise CheYouError(f"callgrind stopped: {(done.stdout + done.stderr)[-300:]}", "run the script without it to see why")
    return int(found[1])
