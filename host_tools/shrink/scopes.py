"""Which names in a module are its own: what a function binds is the function's, what a class body binds is an attribute."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from host_tools.shrink.program import Comprehension, Function, Quick, below, walk


class Scopes(Quick, ast.NodeTransformer):
    """Walks a module and tells names of the module from names of a class body; those of functions are left alone.

    Override `module_name` and `class_name`, which get the node (a Name or a definition) and give what takes its place, and
    `module_import` for an import statement that binds names of the module.
    """

    def __init__(self) -> None:
        self._functions: list[set[str]] = []
        self._class: set[str] | None = None  # of the class whose body this is

    def module_name(self, node: ast.Name) -> ast.AST:
        return node

    def class_name(self, node: ast.Name) -> ast.AST:
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if self._class is not None and node.id in self._class:
            return self.class_name(node)
        return node if self.is_local(node.id) else self.module_name(node)

    @property
    def in_function(self) -> bool:
        """Whether a function is being visited."""
        return bool(self._functions)

    @property
    def in_class(self) -> bool:
        """Whether a class body is being visited, and no function in it."""
        return self._class is not None

    def is_local(self, name: str) -> bool:
        """Whether a name is a variable of a function being visited."""
        return any(name in names for names in self._functions)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._defaults(node.args)
        outer = self._enter(bound(node))
        node.body = self.visit(node.body)
        self._leave(outer)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(base) for base in node.bases]
        outer, self._class = self._class, set(_stored(node.body))
        node.body = self.body(node.body)
        self._class = outer
        return node

    def _comprehension(self, node: Comprehension) -> ast.AST:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        outer = self._enter(comprehended(node))
        self.comprehend(node)
        self._leave(outer)
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Statements after a visit, one of which may become none or several."""
        result: list[ast.stmt] = []
        for statement in statements:
            new = self.visit(statement)
            result += new if isinstance(new, list) else [new] if new is not None else []
        return result

    def _function(self, node: Function) -> ast.AST:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self._defaults(node.args)
        outer = self._enter(bound(node))
        node.body = self.body(node.body) or [ast.Pass()]
        self._leave(outer)
        return node

    def _defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        arguments.kw_defaults = [default and self.visit(default) for default in arguments.kw_defaults]

    def _enter(self, names: set[str]) -> set[str] | None:
        self._functions.append(names)
        outer, self._class = self._class, None
        return outer

    def _leave(self, outer: set[str] | None) -> None:
        self._functions.pop()
        self._class = outer


def parameters(node: Function | ast.Lambda) -> list[ast.arg]:
    """All parameters, in order."""
    a = node.args
    return [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]


def bound(node: Function | ast.Lambda) -> set[str]:
    """The names that a function binds itself."""
    names = {argument.arg for argument in parameters(node)}
    return names if isinstance(node, ast.Lambda) else names | set(_stored(node.body))


def comprehended(node: Comprehension) -> set[str]:
    """The names that a comprehension binds itself."""
    return {n.id for g in node.generators for n in walk(g.target) if isinstance(n, ast.Name)}


def _stored(statements: list[ast.stmt]) -> Iterator[str]:
    """Names bound by statements, not counting what functions, classes and comprehensions in them bind inside."""
    todo: list[ast.AST] = list(statements)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif not isinstance(node, ast.Lambda | Comprehension):
            if isinstance(node, ast.ExceptHandler) and node.name:
                yield node.name
            todo += below(node)
