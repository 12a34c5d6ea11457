"""What a terminal kept of its last failure: a traceback, whose names the build has shortened, in the words of the source."""

from __future__ import annotations

import re

from host_tools import device_modules
from host_tools.boards import Board
from host_tools.flash.console import Console

FAULT = "/fault"


def read(console: Console) -> str:
    """The traceback in the board's file system; empty when there is none."""
    return console.run(f"try:\n with open({FAULT!r}) as file:\n  print(file.read(), end='')\nexcept OSError:\n pass", timeout=10)


def with_names(traceback: str, board: Board) -> str:
    """The traceback with what each shortened name may have been behind it, as this source tree builds it."""
    names = device_modules.shrunk(board).names

    def named(match: re.Match[str]) -> str:
        meant = names.get(match[1], ())
        return f"in {match[1]}" + (f"  [{', '.join(sorted(meant)[:3])}{', …' if len(meant) > 3 else ''}]" if meant else "")

    return re.sub(r"\bin (\w+)", named, traceback)
