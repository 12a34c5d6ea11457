"""The application's file system: compiled modules in slot `a`, an empty slot `b`, and settings.

    /boot.py    source; puts the live slot on the path
    /main.py    source, one line; stock MicroPython starts files of these names and no .mpy
    /a  /b      the two application slots
    /settings   what the centre published, kept across updates

The image carries no times and is the same for the same input.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import littlefs

from host_tools import device_modules, toolchain
from host_tools.boards import Board
from host_tools.device_modules import Module
from host_tools.errors import CheYouError
from host_tools.toolchain import ROOT

BLOCK = 4096
# What the ESP32 port mounts with. The cache matters: littlefs keeps small files inside directories up to the cache's
# size, and a mount with a smaller cache than the writer's would cut them off.
READ_SIZE = 32
CACHE_SIZE = 128
LOOKAHEAD = 32
_START = """\
try:
    from firmware_start import run
except Exception as fault:
    import sys

    sys.print_exception(fault)
    import firmware_last_words
run()
"""


@dataclass(frozen=True)
class AppImage:
    """The file system as bytes; `mpy_bytes` of compiled code are in it, and `blocks_used` of its blocks are taken."""

    data: bytes
    mpy_bytes: int
    blocks_used: int


def build(board: Board, program: Mapping[str, str] | None = None) -> AppImage:
    """Compile the application for `board` and lay it into a file system of exactly the partition's size.

    `program` runs in the terminal's place: the sources of its modules by name, that to be imported first.
    """
    slot = {f"{target}.mpy": code for target, code in compile_modules(list(device_modules.modules(board, program))).items()}
    mpy_bytes = sum(map(len, slot.values()))
    slot |= device_modules.texts(board)
    start = f"import {next(iter(program))}\n" if program else _START
    files = {"boot.py": (ROOT / "firmware" / "boot.py").read_bytes(), "main.py": start.encode()}
    files |= {f"a/{path}": content for path, content in slot.items()}
    partition = board.partition("vfs")
    data, used = pack(files, ("b", "settings"), partition.size)
    return AppImage(data, mpy_bytes, used)


def compile_modules(sources: list[Module]) -> dict[str, bytes]:
    """Target → .mpy. Source paths are not embedded in full, so that where the tree lies changes nothing."""
    compiler = toolchain.mpy_cross()
    with TemporaryDirectory() as scratch, ThreadPoolExecutor() as pool:
        compiled = pool.map(
            lambda numbered: _compile(compiler, Path(scratch) / str(numbered[0]), numbered[1]), enumerate(sources)
        )
        return {module.target: code for module, code in zip(sources, compiled, strict=True)}


def _compile(compiler: Path, scratch: Path, module: Module) -> bytes:
    source, output = scratch.with_suffix(".py"), scratch.with_suffix(".mpy")
    source.write_bytes(module.source)
    command: list[str | Path] = [compiler, "-s", module.target, f"-O{module.optimisation}", "-o", output, source]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise CheYouError(f"{module.target}.py does not compile for MicroPython: {' '.join(reason[-2:])}", "mend it there")
    return output.read_bytes()


def pack(files: dict[str, bytes], folders: tuple[str, ...], size: int) -> tuple[bytes, int]:
    """A littlefs image of `size` bytes, and how many of its blocks are taken."""
    system = littlefs.LittleFS(
        block_size=BLOCK, block_count=size // BLOCK, read_size=READ_SIZE, prog_size=READ_SIZE,
        cache_size=CACHE_SIZE, lookahead_size=LOOKAHEAD,
    )  # fmt: skip
    try:
        for folder in folders:
            system.makedirs(folder, exist_ok=True)
        for path, content in files.items():
            if "/" in path:
                system.makedirs(path.rpartition("/")[0], exist_ok=True)
            with system.open(path, "wb") as file:
                file.write(content)
        used = system.used_block_count
    except littlefs.LittleFSError as error:
        if error.code != littlefs.LittleFSError.Error.LFS_ERR_NOSPC:
            raise
        total = sum(map(len, files.values()))
        raise CheYouError(
            f"the application ({total:,} bytes) does not fit its {size:,}-byte partition", "make it smaller"
        ) from None
    return bytes(system.context.buffer), used
