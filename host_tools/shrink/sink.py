"""What stays loaded, and only parts that come and go call, goes with them: each gets a function of its own."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection

from host_tools.shrink.program import Function, walk

# What may be there after its function's return, and would keep all of its module.
_LASTING = (ast.Yield, ast.YieldFrom, ast.Lambda, ast.GeneratorExp, Function)
_Callers = dict[str, list[ast.Name]]


def sink(bundles: dict[str, ast.Module], staying: Collection[str]) -> None:
    """Move functions of the bundles named in `staying` into those that call them, where none of `staying` does."""
    moved = True
    while moved:  # one that was moved may have been the only one to call another
        moved = False
        callers = _callers(bundles)
        for home in staying:
            for node in list(bundles[home].body) if home in bundles else ():
                if isinstance(node, ast.FunctionDef) and not any(isinstance(part, _LASTING) for part in walk(*node.body)):
                    found = callers.get(node.name)
                    if found and found.keys().isdisjoint(staying):
                        _move(bundles, home, node, found)
                        moved = True


def _callers(bundles: dict[str, ast.Module]) -> dict[str, _Callers]:
    """Name → the bundles that call it, with the places; without names that are used in any other way."""
    found: dict[str, _Callers] = {}
    used_otherwise: set[str] = set()
    for bundle, tree in bundles.items():
        nodes = list(walk(tree))
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        for node in nodes:
            if isinstance(node, ast.Name) and ":" in node.id:
                if id(node) in called:
                    found.setdefault(node.id, {}).setdefault(bundle, []).append(node)
                else:
                    used_otherwise.add(node.id)
            elif isinstance(node, ast.ImportFrom):  # in a function: those of the module are not written yet
                used_otherwise.update(f"{(node.module or '').replace('.', '/')}:{alias.name}" for alias in node.names)
    return {name: callers for name, callers in found.items() if name not in used_otherwise}


def _move(bundles: dict[str, ast.Module], home: str, node: ast.FunctionDef, callers: _Callers) -> None:
    needed = _imports_for(node, bundles[home])
    bundles[home].body.remove(node)
    for bundle, places in callers.items():
        moved = copy.deepcopy(node)
        moved.name = f"{bundle}:_{node.name}"
        for place in places:
            place.id = moved.name
        bundles[bundle].body[:0] = [*copy.deepcopy(needed), moved]


def _imports_for(node: ast.FunctionDef, tree: ast.Module) -> list[ast.stmt]:
    """The imports of other people's modules that a function needs."""
    names = {part.id for part in walk(node) if isinstance(part, ast.Name)}
    found: list[ast.stmt] = []
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            aliases = [a for a in statement.names if (a.asname or a.name).partition(".")[0] in names]
            if aliases:
                needed = copy.copy(statement)
                needed.names = aliases
                found.append(needed)
    return found
