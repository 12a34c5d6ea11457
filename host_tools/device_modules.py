"""What goes into an application slot: our modules, the third-party ones, texts, and the generated `board`."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from host_tools import text_pack, toolchain
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.shrink import Shrunk, shrink
from host_tools.texts import languages
from host_tools.toolchain import ROOT

# A technician's tool starts it over the console.
_BY_NAME = {"firmware/service"}
# Without asserts and line numbers, which would take another 3 KB of heap.
OPTIMISATION = 3


@dataclass(frozen=True)
class Module:
    """A module to compile: its path in the slot without suffix, its source, and mpy-cross's -O level."""

    target: str
    source: bytes
    optimisation: int = OPTIMISATION


def modules(board: Board, program: Mapping[str, str] | None = None) -> Iterator[Module]:
    """Everything the device imports beyond its stock firmware (which has umqtt.simple), in a fixed order.

    `program`: one more part, the sources of its modules by path, that to be imported first.
    """
    for path, source in shrunk(board, program).sources.items():
        yield Module(path, source.encode())
    # Nothing on the device imports it: it tells the tools which board the application is for.
    yield Module("board", board_module(board))


def shrunk(board: Board, program: Mapping[str, str] | None = None) -> Shrunk:
    """The device's code as it is compiled, and what its names were."""
    sources = all_sources(board)
    parts: dict[str, list[str]] = dict(_settings()["parts"])
    for path, source in sources.items():
        _check_loads(path, source, set(sources) - set(parts))
    if program:
        first, *rest = program
        parts[first] = rest
        sources |= program
    foreign = [(toolchain.umqtt_dir() / "simple.py").read_text(encoding="utf-8")]
    return shrink(sources, parts, foreign, {*_BY_NAME, *list(program or ())[:1]}, _settings()["layers"])


def all_sources(board: Board) -> dict[str, str]:
    """Every module that the device could import: path in the slot without suffix → source."""
    library = toolchain.charlcd_dir() / "character_lcd.py"
    sources = {module.target: module.source.decode() for module in _ours(board)}
    return sources | {f"{library.parent.name}/{library.stem}": library.read_text(encoding="utf-8")}


def _check_loads(path: str, source: str, not_loadable: set[str]) -> None:
    """A module whose name stands as a text in another is loaded by it, and so has to be a part."""
    for text in re.findall(r'"(\w+(?:\.\w+)+)"', source):
        if text.replace(".", "/") in not_loadable:
            raise CheYouError(
                f"{path}.py loads {text}, which is no part", "add it to [tool.cheyou.device] parts in pyproject.toml"
            )


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
