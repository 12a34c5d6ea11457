"""Makes device code smaller on the heap without changing what it does; docs/heap.md has the figures.

Step by step, for all modules together: constants are written where they are used, what nothing on the device calls is left out,
modules become one where they are loaded at the same time, and names become ones that MicroPython has anyway. Source stays
readable and knows nothing of it. Where code reaches for names in a way that is not followed here, the build says so.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from host_tools.shrink import constants
from host_tools.shrink.bundle import bundle
from host_tools.shrink.names import Renamer, known_names, mark_private
from host_tools.shrink.program import Function, Program, Quick, walk
from host_tools.shrink.prune import prune

RESIDENT = "resident"
"""The module that holds all that is never dropped."""
# Modules that are there when ours are loaded: on a board and on the bench.
_TAKEN = {"main", "start"}


@dataclass(frozen=True)
class Shrunk:
    """`sources`: file → source · `names`: what a new name was before, `module:name` or `.attribute`, perhaps several ·
    `files`: the module that a part is called by → its file."""

    sources: dict[str, str]
    names: dict[str, list[str]]
    files: dict[str, str]


def shrink(
    sources: dict[str, str], parts: dict[str, list[str]], foreign: Iterable[str] = (), by_name: Collection[str] = ()
) -> Shrunk:
    """Bundle modules (path as in `protocol/month` → source) into `RESIDENT` and one module for each part.

    `parts`: see `Program` · `foreign`: sources of other people's code that ours calls or is called by · `by_name`: parts that are
    loaded from outside, by their path.
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
    files = {path: path if path in by_name or path == RESIDENT else _file(path) for path in bundles}
    for tree in bundles.values():
        _Files({path.replace("/", "."): file.replace("/", ".") for path, file in files.items()}).visit(tree)
    return Shrunk({files[path]: ast.unparse(ast.fix_missing_locations(tree)) for path, tree in bundles.items()}, before, files)


def _file(path: str) -> str:
    """A name without folders: of those MicroPython would keep the module, the path and both their names, for each part."""
    folder, _, name = path.rpartition("/")
    return path.replace("/", "_") if folder and name in _TAKEN else name


class _Files(Quick, ast.NodeTransformer):
    """Calls parts by the names of their files, in imports and in texts that load them."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        node.module = self._files.get(node.module or "", node.module)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            node.value = self._files.get(node.value, node.value)
        return node


def _identifiers(tree: ast.Module) -> Iterable[str]:
    for node in walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name
