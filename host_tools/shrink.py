"""Makes device source smaller on the heap without changing what it does.

A name costs its letters and seven bytes of table on a 32-bit board, once for the whole program; a module constant costs a
dictionary slot and a look-up at each use. So, in all modules of ours together:

* whole-number constants in capitals are written where they are used;
* private attributes, methods and functions get short names that every module uses again. Modules whose classes inherit from one
  another share one set, and a private name reached from outside its module is refused.
"""

from __future__ import annotations

import ast
import itertools
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator

from host_tools.errors import CheYouError

_PRIVATE = re.compile(r"_[a-z][a-z0-9_]*\Z")
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*\Z")


def shrink(sources: dict[str, str], foreign: Iterable[str]) -> dict[str, str]:
    """Module path (`protocol/month`) → smaller source. Private names that occur in the `foreign` sources stay as they are."""
    trees = {path: ast.parse(source) for path, source in sources.items()}
    _inline_constants(trees)
    kept = {name for source in foreign for name in _private_names(ast.parse(source))} | {"_io_queue"}
    for group in _groups(trees):
        _rename(trees, group, kept)
    return {path: ast.unparse(tree) for path, tree in trees.items()}


def _inline_constants(trees: dict[str, ast.Module]) -> None:
    known = {path: _constants(tree) for path, tree in trees.items()}
    for path, tree in trees.items():
        names = dict(known[path])
        modules: dict[str, dict[str, int]] = {}
        for node in tree.body:
            if isinstance(node, ast.Import):
                modules |= {a.asname or a.name: known[a.name] for a in node.names if a.name in known}
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            source = node.module.replace(".", "/")
            for alias in node.names:
                bound = alias.asname or alias.name
                if alias.name in known.get(source, {}):
                    names[bound] = known[source][alias.name]
                elif f"{source}/{alias.name}" in known:
                    modules[bound] = known[f"{source}/{alias.name}"]
            node.names = [alias for alias in node.names if alias.name not in known.get(source, {})]
        _Inliner(names, modules).visit(tree)
        tree.body = [n for n in tree.body if not (isinstance(n, ast.ImportFrom) and not n.names) and not _defines(n, known[path])]


def _constants(tree: ast.Module) -> dict[str, int]:
    """The module's constants that are whole numbers, by name, as far as they can be worked out here."""
    found: dict[str, int] = {}
    stored = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    for node in tree.body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target = node.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        if not all(isinstance(n, ast.Name) and _CONSTANT.match(n.id) and stored[n.id] == 1 for n in names):
            continue
        values = _values(node.value, len(names), isinstance(target, ast.Tuple))
        if values is not None:
            found |= {n.id: v for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name)}
    return found


def _values(node: ast.expr, count: int, several: bool) -> list[int] | None:
    if several and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        return list(range(count))
    parts = node.elts if several and isinstance(node, ast.Tuple) else [node]
    values = []
    for part in parts:
        try:
            value = eval(compile(ast.Expression(part), "constant", "eval"), {"__builtins__": {}})  # noqa: S307 our own source
        except NameError:
            return None
        except (TypeError, SyntaxError, AttributeError):
            return None
        if type(value) is not int or abs(value) >= 1 << 30:
            return None
        values.append(value)
    return values if len(values) == count else None


def _defines(node: ast.stmt, names: dict[str, int]) -> bool:
    if not isinstance(node, ast.Assign):
        return False
    target = node.targets[0]
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(t, ast.Name) and t.id in names for t in targets)


class _Inliner(ast.NodeTransformer):
    def __init__(self, names: dict[str, int], modules: dict[str, dict[str, int]]) -> None:
        self._names = names
        self._modules = modules

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self._names:
            return ast.copy_location(ast.Constant(self._names[node.id]), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.attr in self._modules.get(node.value.id, {}):
            return ast.copy_location(ast.Constant(self._modules[node.value.id][node.attr]), node)
        return self.generic_visit(node)


def _private_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        for name in _names_of(node):
            if _PRIVATE.match(name):
                yield name


def _names_of(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    return ()


def _groups(trees: dict[str, ast.Module]) -> list[list[str]]:
    """Modules that must agree on private names: those whose classes inherit from one another."""
    leader = {path: path for path in trees}

    def find(path: str) -> str:
        while leader[path] != path:
            path = leader[path]
        return path

    for path, tree in trees.items():
        origin = {
            alias.asname or alias.name: (node.module or "").replace(".", "/")
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for base in node.bases:
                    home = origin.get(base.id) if isinstance(base, ast.Name) else None
                    if home in trees:
                        leader[find(path)] = find(home)
    groups: dict[str, list[str]] = {}
    for path in trees:
        groups.setdefault(find(path), []).append(path)
    return list(groups.values())


def _rename(trees: dict[str, ast.Module], group: list[str], kept: set[str]) -> None:
    uses: Counter[str] = Counter()
    for path in group:
        uses.update(name for name in _private_names(trees[path]) if name not in kept)
    defined = {name for path in group for name in _defined(trees[path])}
    for path in group:
        for node in ast.walk(trees[path]):
            if isinstance(node, ast.Attribute) and node.attr in uses and node.attr not in defined:
                raise CheYouError(f"{path}.py uses {node.attr}, which is private elsewhere", "give it a public name")
    short = dict(zip([name for name, _ in uses.most_common()], _short_names(kept), strict=False))
    for path in group:
        for node in ast.walk(trees[path]):
            if isinstance(node, ast.Attribute):
                node.attr = short.get(node.attr, node.attr)
            elif isinstance(node, ast.Name):
                node.id = short.get(node.id, node.id)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                node.name = short.get(node.name, node.name)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.attr if isinstance(node, ast.Attribute) else node.id


def _short_names(kept: set[str]) -> Iterator[str]:
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            name = "_" + "".join(letters)
            if name not in kept:
                yield name
