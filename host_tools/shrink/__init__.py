"""Makes device code smaller on the heap without changing what it does; docs/heap.md has the figures.

Step by step, for all modules together: constants are written where they are used, what nothing on the device calls is left out,
modules become one where they are loaded at the same time, and names become ones that MicroPython has anyway. Source stays
readable and knows nothing of it. Where code reaches for names in a way that is not followed here, the build says so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from host_tools.shrink import constants
from host_tools.shrink.bundle import bundle
from host_tools.shrink.names import Renamer, known_names, mark_private
from host_tools.shrink.program import Function, Program, walk
from host_tools.shrink.prune import prune

RESIDENT = "resident"
"""The module that holds all that is never dropped."""


@dataclass(frozen=True)
class Shrunk:
    """`sources`: module → source · `names`: what a new name was before, `module:name` or `.attribute`, perhaps several."""

    sources: dict[str, str]
    names: dict[str, list[str]]


def shrink(sources: dict[str, str], parts: dict[str, list[str]], foreign: Iterable[str] = ()) -> Shrunk:
    """Bundle modules (path as in `protocol/month` → source) into `RESIDENT` and one module for each part.

    `parts`: see `Program` · `foreign`: sources of other people's code that ours calls or is called by.
    """
    micropython, esp32 = known_names()
    called = micropython | esp32 | {name for source in foreign for name in _identifiers(ast.parse(source))}
    program = Program(sources, parts)
    constants.inline(program)
    program.hoist_imports()
    program.keep_reachable()
    prune(program, called)
    public = mark_private(program, called)
    bundles = bundle(program, RESIDENT)
    renamer = Renamer(bundles, RESIDENT, public, called, set(parts))
    renamer.apply()
    before: dict[str, list[str]] = {}
    for old, new in [*renamer.names.items(), *((f".{old}", new) for old, new in renamer.attributes.items())]:
        before.setdefault(new, []).append(old)
    return Shrunk({path: ast.unparse(ast.fix_missing_locations(tree)) for path, tree in bundles.items()}, before)


def _identifiers(tree: ast.Module) -> Iterable[str]:
    for node in walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name
