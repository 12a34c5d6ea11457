"""Leaves out what nothing on the device calls: protocol/ has functions for the centre, classes have methods for tests.

What modules define is followed through their imports; members of classes by name alone: whatever that might mean stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from host_tools.shrink.program import Function, Program, walk

# Calls that leave no trace when nobody takes what they return.
_PURE_CALLS = {"enumerate", "namedtuple", "bytes", "bytearray", "tuple", "range", "len", "property"}


class _Piece:
    """A statement of a module (`path`) or of a class (`owner`), and what it mentions: names bare, names of modules before a dot
    with those after it, and names after any dot or in texts."""

    def __init__(self, path: str, node: ast.stmt, owner: _Piece | None = None) -> None:
        self.path = path
        self.node = node
        self.owner = owner
        self.defined = set(_defined(node))
        self.members = [_Piece(path, part, self) for part in node.body] if isinstance(node, ast.ClassDef) else []
        parts: Iterable[ast.AST] = [*node.bases, *node.decorator_list] if isinstance(node, ast.ClassDef) else [node]
        self.names: set[str] = set()
        self.of_modules: set[tuple[str, str]] = set()
        self.attributes: set[str] = set()
        for part in (inner for outer in parts for inner in walk(outer)):
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store):
                self.names.add(part.id)
            elif isinstance(part, ast.Attribute):
                self.attributes.add(part.attr)
                if isinstance(part.value, ast.Name):
                    self.of_modules.add((part.value.id, part.attr))
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                self.attributes.add(part.value)
            elif isinstance(part, ast.ImportFrom):
                self.names |= {alias.name for alias in part.names if alias.asname or node is not part}


def prune(program: Program, foreign: set[str]) -> None:
    """Drop definitions that nothing mentions. `foreign`: names by which other people's code may call ours."""
    pieces = {path: [_Piece(path, node) for node in tree.body] for path, tree in program.trees.items()}
    members: dict[str, list[_Piece]] = {}
    in_modules: dict[tuple[str, str], list[_Piece]] = {}
    for piece in (piece for found in pieces.values() for outer in found for piece in (outer, *outer.members)):
        for name in piece.defined:
            if piece.owner:
                members.setdefault(name, []).append(piece)
            else:
                in_modules.setdefault((piece.path, name), []).append(piece)
    needed: set[_Piece] = set()
    mentioned: set[str] = set()
    todo = [p for path, found in pieces.items() for p in found if not p.defined or (path in program.parts and _is_public(p.node))]
    while todo:
        piece = todo.pop()
        if piece in needed:
            continue
        needed.add(piece)
        # Of a class comes what Python calls by itself, what others may call, and what was asked for before the class was.
        todo += [m for m in piece.members if not m.defined or any(_is_called(n, foreign) or n in mentioned for n in m.defined)]
        mentioned |= piece.attributes
        todo += [p for name in piece.attributes for p in members.get(name, ()) if p.owner in needed]
        todo += [p for name in piece.names for p in members.get(name, ()) if p.owner is piece.owner]
        defined = [program.resolve(piece.path, name) for name in piece.names]
        for name, attribute in piece.of_modules:
            home, inside = program.resolve(piece.path, name)
            if not inside:
                defined.append(program.resolve(home, attribute))
        todo += [p for found in defined for p in in_modules.get(found, ())]
    for path, tree in program.trees.items():
        tree.body = _kept(pieces[path], needed)
        for piece in pieces[path]:
            if isinstance(piece.node, ast.ClassDef):
                piece.node.body = _kept(piece.members, needed) or [ast.Pass()]
        _remove_unused_imports(tree)


def _kept(pieces: list[_Piece], needed: set[_Piece]) -> list[ast.stmt]:
    return [piece.node for piece in pieces if piece in needed and not isinstance(piece.node, ast.Pass)]


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names of a definition that can be left out."""
    if isinstance(node, Function | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign) and _is_pure(node.value) and all(isinstance(t, ast.Name | ast.Tuple) for t in node.targets):
        yield from (n.id for target in node.targets for n in walk(target) if isinstance(n, ast.Name))


def _is_public(node: ast.stmt) -> bool:
    return isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")


def _is_called(name: str, foreign: set[str]) -> bool:
    return name.startswith("__") or name in foreign


def _is_pure(node: ast.expr) -> bool:
    calls = [part for part in walk(node) if isinstance(part, ast.Call | ast.Await | ast.Yield | ast.YieldFrom)]
    return all(isinstance(c, ast.Call) and _leaves_no_trace(c.func) for c in calls)


def _leaves_no_trace(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return isinstance(called.value, ast.Constant)
    return isinstance(called, ast.Name) and called.id in _PURE_CALLS


def _remove_unused_imports(tree: ast.Module) -> None:
    used = {part.id for part in walk(tree) if isinstance(part, ast.Name)}
    for node in list(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [a for a in node.names if (a.asname or a.name).partition(".")[0] in used]
            if not node.names:
                tree.body.remove(node)
