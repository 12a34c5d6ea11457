"""Names inside functions. A variable's name is not kept, a parameter's is: it becomes one that is there anyway."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from host_tools.shrink.program import Comprehension, Function, Quick, walk
from host_tools.shrink.scopes import bound, comprehended, parameters


def rename_locals(tree: ast.Module, fixed: set[str], first: list[str], names: dict[str, str]) -> None:
    """Rename variables, and parameters but those in `fixed`, by names in `first`; `names`: what module names will become."""
    _Locals(fixed, first, names).visit(tree)


class _Locals(Quick, ast.NodeTransformer):
    def __init__(self, fixed: set[str], first: list[str], names: dict[str, str]) -> None:
        self._fixed = fixed
        self._first = first
        self._names = names
        self._scopes: list[dict[str, str]] = []  # of the functions being visited: old name → new
        self._count = 0

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._new(node.id)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name:
            node.name = self._new(node.name)
        return self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._enter(node)
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: Function) -> ast.AST:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self._enter(node)
        node.body = [self.visit(statement) for statement in node.body]
        self._scopes.pop()
        return node

    def _comprehension(self, node: Comprehension) -> ast.AST:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        self._scopes.append({name: self._fresh() for name in sorted(comprehended(node))})
        self.comprehend(node)
        self._scopes.pop()
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def _enter(self, node: Function | ast.Lambda) -> None:
        arguments = node.args
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        arguments.kw_defaults = [default and self.visit(default) for default in arguments.kw_defaults]
        names = bound(node)
        # What a function inside, or an import, is called stands in the code itself.
        inside = list(walk(*_body(node)))
        stay = {part.name for part in inside if isinstance(part, Function | ast.ClassDef)}
        stay |= {a.asname or a.name for part in inside if isinstance(part, ast.ImportFrom | ast.Import) for a in part.names}
        scope = {name: name for name in names & stay}
        taken = {self._names.get(n.id, n.id) for n in walk(node) if isinstance(n, ast.Name) and n.id not in names}
        taken |= {name for outer in self._scopes for name in outer.values()} | self._fixed
        targets = (name for name in self._first if name not in taken)
        called = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        for name in called:
            scope[name] = name if name in self._fixed or name == "self" else next(targets)
        for name in sorted(names - set(scope)):
            scope[name] = self._fresh()
        self._scopes.append(scope)
        for argument in parameters(node):
            argument.arg = scope[argument.arg]

    def _fresh(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def _new(self, name: str) -> str:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), name)


def _body(node: Function | ast.Lambda) -> Iterable[ast.AST]:
    return [node.body] if isinstance(node, ast.Lambda) else node.body
