"""Constants written where they are used: a module constant costs its name, a dictionary slot, and a look-up at each use."""

from __future__ import annotations

import ast
import re
import struct
from collections import Counter
from types import SimpleNamespace
from typing import Any

from host_tools.shrink.program import Program, Quick, walk
from host_tools.shrink.scopes import Scopes

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*\Z")
# What may be called to work a constant out, here as on the device.
_CALLS = {"range": range, "len": len, "bytes": bytes, "struct": struct}
_SMALL = 1 << 30


def inline(program: Program) -> None:
    """Replace constants that can be worked out: whole numbers, texts and None always, other values where they are used once."""
    known: dict[str, dict[str, Any]] = {}
    for path in program.ordered():
        known[path] = _constants(program, path, known)
    uses: Counter[tuple[str, str]] = Counter()
    for path, tree in program.trees.items():
        _Constants(program, path, known, uses, None).visit(tree)
    for path, tree in program.trees.items():
        _Constants(program, path, known, Counter(), uses).visit(tree)
        _Fold().visit(tree)


def _constants(program: Program, path: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The constants of a module by name, as far as they can be worked out here."""
    tree = program.trees[path]
    names: dict[str, Any] = dict(_CALLS)
    for name in program.bindings(path):
        home, there = program.resolve(path, name)
        if not there:
            names[name] = SimpleNamespace(**known.get(home, {}))
        elif there in known.get(home, {}):
            names[name] = known[home][there]
    stored = Counter(n.id for n in walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load))
    found: dict[str, Any] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        try:
            value = eval(compile(ast.Expression(node.value), path, "eval"), {"__builtins__": {}}, {**names, **found})  # noqa: S307 our own
        except Exception:  # noqa: S112 whatever keeps it from being worked out
            continue
        for target in node.targets:
            several = isinstance(target, ast.Tuple)
            targets = target.elts if isinstance(target, ast.Tuple) else [target]
            for part, one in zip(targets, value if several else [value], strict=True):
                if isinstance(part, ast.Name) and stored[part.id] == 1 and _is_constant(part.id, one):
                    found[part.id] = one
            if not several and isinstance(target, ast.Name) and target.id in found:
                node.value = _expression(value)
    return found


def _is_constant(name: str, value: Any) -> bool:
    if isinstance(value, tuple):
        return bool(_CONSTANT.match(name)) and all(_is_constant(name, item) for item in value)
    return value is None or (bool(_CONSTANT.match(name)) and isinstance(value, int | str | bytes))


class _Constants(Scopes):
    """Counts the uses of constants, or, with `uses`, puts their values there."""

    def __init__(
        self, program: Program, path: str, known: dict[str, dict[str, Any]],
        count: Counter[tuple[str, str]], uses: Counter[tuple[str, str]] | None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._program = program
        self._path = path
        self._known = known
        self._count = count
        self._uses = uses
        self._is_resident = not program.part_of(path)

    def module_name(self, node: ast.Name) -> ast.AST:
        return self._value(node, *self._program.resolve(self._path, node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # noqa: N802 the base class's name
        if isinstance(node.value, ast.Name) and not self.is_local(node.value.id):
            home, name = self._program.resolve(self._path, node.value.id)
            if not name:
                return self._value(node, *self._program.resolve(home, node.attr))
        return self.generic_visit(node)

    def _value(self, node: ast.Name | ast.Attribute, home: str, name: str) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or name not in self._known.get(home, {}):
            return node
        self._count[home, name] += self._is_resident
        value = self._known[home][name]
        always = value is None or isinstance(value, str) or (isinstance(value, int) and abs(value) < _SMALL)
        if self._uses is None or (not always and self._is_resident and self._uses[home, name] > 1):
            return node
        return ast.copy_location(_expression(value), node)


def _expression(value: Any) -> ast.expr:
    if isinstance(value, tuple):
        return ast.Tuple([_expression(item) for item in value], ast.Load())
    return ast.Constant(value)


class _Fold(Quick, ast.NodeTransformer):
    """Leaves out what constants have decided."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if not _is_decided(node.test):
            return node
        return (node.body if _decision(node.test) else node.orelse) or ast.Pass()

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if not _is_decided(node.test):
            return node
        return node.body if _decision(node.test) else node.orelse


def _is_decided(node: ast.expr) -> bool:
    if isinstance(node, ast.Compare):
        return all(isinstance(part, ast.Constant) for part in (node.left, *node.comparators))
    return isinstance(node, ast.Constant)


def _decision(node: ast.expr) -> bool:
    return bool(eval(compile(ast.Expression(node), "test", "eval"), {"__builtins__": {}}))  # noqa: S307 constants only
