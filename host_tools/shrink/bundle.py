"""Many modules become one: each costs a dictionary, a table of names, its path three times over, and a slot for all it imports.

What a module defines is called `module:name` here, which no source can say; `names` gives it its last form.
"""

from __future__ import annotations

import ast

from host_tools.errors import CheYouError
from host_tools.shrink.program import Function, Program, walk
from host_tools.shrink.scopes import Scopes
from host_tools.shrink.sink import sink


def bundle(program: Program, resident: str) -> dict[str, ast.Module]:
    """One tree for each part, by the name of its first module, and one named `resident` for all the rest."""
    bundles: dict[str, ast.Module] = {}
    for path in program.ordered():
        tree = bundles.setdefault(program.part_of(path) or resident, ast.Module([], []))
        tree.body += _Merger(program, path).body(program.trees[path].body)
    sink(bundles, [part or resident for part in program.staying])
    for name, tree in bundles.items():
        tree.body = _imports(program, name, tree, resident) + _once(tree.body)
    return {name: tree for name, tree in bundles.items() if tree.body or name in program.parts}


class _Merger(Scopes):
    """A module's statements, with what it defines told apart from what others do, and without imports of ours."""

    def __init__(self, program: Program, path: str) -> None:
        super().__init__()
        self._program = program
        self._path = path
        self._own = set(_defined(program.trees[path]))

    def module_name(self, node: ast.Name) -> ast.AST:
        home, name = self._program.resolve(self._path, node.id)
        if not name:
            raise CheYouError(f"{self._path}.py:{node.lineno}: {node.id} is a module and used as a value", "use what is in it")
        if home != self._path or name in self._own:
            node.id = f"{home}:{name}"
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # noqa: N802 the base class's names, here and below
        if isinstance(node.value, ast.Name) and not self.is_local(node.value.id):
            home, name = self._program.resolve(self._path, node.value.id)
            if not name:
                home, name = self._program.resolve(home, node.attr)
                return ast.copy_location(ast.Name(f"{home}:{name}", node.ctx), node)
        return self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> ast.AST | None:  # noqa: N802
        node.names = [alias for alias in node.names if not self._program.home(alias.name)]
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:  # noqa: N802
        if self.in_function:
            return node  # of a part: it keeps its name
        node.names = [
            alias
            for alias in node.names
            if not self._program.home(node.module) and not self._program.home(f"{node.module}.{alias.name}")
        ]
        return node if node.names else None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # noqa: N802
        self._name_definition(node)
        return super().visit_FunctionDef(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:  # noqa: N802
        self._name_definition(node)
        return super().visit_AsyncFunctionDef(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:  # noqa: N802
        self._name_definition(node)
        return super().visit_ClassDef(node)

    def _name_definition(self, node: Function | ast.ClassDef) -> None:
        if not self.in_function and not self.in_class:
            node.name = f"{self._path}:{node.name}"


def _defined(tree: ast.Module) -> list[str]:
    """The names that a module binds, but for imports."""
    names = []
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef):
            names.append(node.name)
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            names += [part.id for part in walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
    return names


def _imports(program: Program, bundle: str, tree: ast.Module, resident: str) -> list[ast.stmt]:
    """The statements that give a bundle what it uses of others, each after those it imports itself: an import within another
    takes stack, and where a technician's tool starts the terminal's code there is little left."""
    needed: dict[str, set[str]] = {}
    for node in walk(tree):
        if isinstance(node, ast.Name) and ":" in node.id:
            part = program.part_of(node.id.partition(":")[0])
            if (part or resident) != bundle:
                needed.setdefault(part, set()).add(node.id)
    return [
        ast.ImportFrom((part or resident).replace("/", "."), [ast.alias(name) for name in sorted(needed[part])], 0)
        for part in sorted(needed, key=lambda part: (program.turn(part), part))
    ]


def _once(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without the imports that an earlier one has done."""
    result: list[ast.stmt] = []
    done: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            fresh = []
            for alias in node.names:
                bound, what = alias.asname or alias.name, module + alias.name
                if bound not in done:
                    fresh.append(alias)
                elif done[bound] != what:
                    raise CheYouError(f"{bound} is {done[bound]} in one module and {what} in another", "use one name for each")
                done[bound] = what
            node.names = fresh
            if not fresh:
                continue
        result.append(node)
    return result
