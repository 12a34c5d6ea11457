"""Where in a TOML file a value stands, so that an error can point at the user's own line."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=")

Path = Sequence[str | int]


def line_of(text: str, path: Path) -> int:
    """The 1-based line of the value at `path`, such as `("partition", 2, "size")`.

    Knows tables, arrays of tables and bare keys, each on a line of its own, which is how board files are written. What
    it cannot find (a missing key, an element within a value) it gives the nearest enclosing line for.
    """
    places = _places(text)
    for length in range(len(path), 0, -1):
        found = places.get(tuple(path[:length]))
        if found:
            return found
    return 1


def _places(text: str) -> dict[tuple[str | int, ...], int]:
    places: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[2]
            table = tuple(name.split("."))
            if header[1] == "[[":
                table = (*table, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
            places.setdefault(table[:1], number)
            places.setdefault(table, number)
        elif key := _KEY.match(line):
            places.setdefault((*table, key[1]), number)
    return places
