"""What goes into an application slot: our modules, the third-party ones, texts, and the generated `board`."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from host_tools import text_pack, toolchain
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.shrink import shrink
from host_tools.texts import languages
from host_tools.toolchain import ROOT

# Without asserts and line numbers, which would take another 3 KB of heap.
OPTIMISATION = 3


@dataclass(frozen=True)
class Module:
    """A module to compile: its path in the slot without suffix, its source, and mpy-cross's -O level."""

    target: str
    source: bytes
    optimisation: int = OPTIMISATION


def modules(board: Board) -> Iterator[Module]:
    """Everything the device imports beyond its stock firmware (which has umqtt.simple), in a fixed order."""
    theirs = toolchain.charlcd_dir() / "character_lcd.py"
    ours = {module.target: module.source.decode() for module in _ours(board)}
    for target, source in shrink(ours, [theirs.read_text(encoding="utf-8")]).items():
        yield Module(target, source.encode())
    yield Module(f"{theirs.parent.name}/{theirs.stem}", theirs.read_bytes())


def _ours(board: Board) -> Iterator[Module]:
    host_only = set(_settings()["protocol_host_only"])
    for folder in ("protocol", "drivers", "firmware", "firmware/terminal"):
        for path in sorted((ROOT / folder).glob("*.py")):
            if folder == "firmware" and path.name == "boot.py":
                continue  # it runs from the root, as source
            if folder == "protocol" and path.stem in host_only:
                continue
            source = path.read_bytes()
            if _says_something(source, path):
                yield Module(f"{folder}/{path.stem}", source)
    yield Module("board", board_module(board))


def texts(board: Board) -> dict[str, bytes]:
    """The text files of a slot: path in the slot → content."""
    language = board.display.language
    if language not in languages():
        raise CheYouError(f"there are no texts in {language!r}", f"add firmware/texts/{language}.json")
    return {"texts": text_pack.pack(board.display)}


def board_module(board: Board) -> bytes:
    """The source of the module `board`: the board file as constants, the version, and the day of its release (Unix)."""
    released = _settings()["released"]
    constants: dict[str, Any] = {
        **board.device_constants(),
        "VERSION": tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
        "BUILT": int(datetime.combine(released, time(), UTC).timestamp()),
    }
    return "".join(f"{name} = {value!r}\n" for name, value in constants.items()).encode()


def _says_something(source: bytes, path: Path) -> bool:
    """Whether a module is more than its docstring. A folder without `__init__` imports as well on MicroPython, and
    a file there costs a flash block and an open at every start."""
    statements = ast.parse(source, str(path)).body
    return any(not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in statements)


def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["cheyou"]["device"]
    return settings
