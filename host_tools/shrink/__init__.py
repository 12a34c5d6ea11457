"""Makes device code smaller on the heap without changing what it does; docs/heap.md has the figures.

Step by step, for all modules together: constants are written where they are used, what nothing on the device calls is left out,
modules become one where they are loaded at the same time, and names become ones that MicroPython has anyway. Source stays
readable and knows nothing of it. Where code reaches for names in a way that is not followed here, the build says so.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from host_tools.shrink import constants
from host_tools.shrink.bundle import bundle
from host_tools.shrink.names import Renamer, known_names, mark_private
from host_tools.shrink.program import Function, Program, Quick, walk
from host_tools.shrink.prune import prune

RESIDENT = "resident"
"""The module that holds all that is never dropped."""
# Modules that are there when ours are loaded, on a board and on the bench, and what the file system's main.py imports.
_TAKEN = {"main", "start", "last_words"}
# Names of methods: no module is called so.
_SPARE = {name for kind in (str, list, dict, set) for name in dir(kind) if name.isalpha()}


@dataclass(frozen=True)
class Shrunk:
    """`sources`: file → source · `names`: what a new name was before, `module:name` or `.attribute`, perhaps several ·
    `files`: the module that a part is called by → its file."""

    sources: dict[str, str]
    names: dict[str, list[str]]
    files: dict[str, str]


def shrink(
    sources: dict[str, str], parts: dict[str, list[str]], foreign: Iterable[str] = (), by_name: Collection[str] = (),
    layers: Sequence[str] = (),
) -> Shrunk:  # fmt: skip
    """Bundle modules (path as in `protocol/month` → source) into `RESIDENT` and one module for each part.

    `parts`, `layers`: see `Program` · `foreign`: sources of other people's code that ours calls or is called by ·
    `by_name`: parts that are loaded from outside, by their path.
    """
    micropython, esp32 = known_names()
    called = micropython | esp32 | {name for source in foreign for name in _identifiers(ast.parse(source))}
    program = Program(sources, parts, layers)
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
    free = iter(sorted(_SPARE & micropython))
    files = {path: path if path in by_name or path == RESIDENT else _file(path, free) for path in bundles}
    for tree in bundles.values():
        Nameless().visit(tree)
        _Files({path.replace("/", "."): file.replace("/", ".") for path, file in files.items()}).visit(tree)
    return Shrunk({files[path]: ast.unparse(ast.fix_missing_locations(tree)) for path, tree in bundles.items()}, before, files)


def _file(path: str, free: Iterator[str]) -> str:
    """A name without folders and, for a part, one that MicroPython has anyway: it keeps those of modules and files for ever."""
    folder, _, name = path.rpartition("/")
    if folder and name in _TAKEN:
        return path.replace("/", "_")
    return next(free, name) if folder else name


class Nameless(Quick, ast.NodeTransformer):
    """Takes from classes what says their module and name: nothing asks for it, and methods take its two places in the table."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body[:0] = ast.parse("del __module__, __qualname__").body
        return node


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
