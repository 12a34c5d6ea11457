"""The device's modules as syntax trees, and what a name in one of them stands for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from host_tools.errors import CheYouError

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

# Modules that only the host has: where one is imported with a way to do without, the device takes that way.
_HOST_ONLY = {"circuitpython_typing", "cryptography", "hmac", "typing"}
Binding = tuple[str, str]
# Fields of nodes that never hold a node we look for: names, numbers, contexts and operators.
_BARE_FIELDS = {"id", "attr", "ctx", "op", "ops", "kind", "type_comment", "is_async", "level", "module", "conversion", "simple"}


class Program:
    """`trees`: module path (`protocol/month`) → tree. `parts`: a module loaded on demand → what only it needs, loaded with it.

    The first part is the base: loaded before all else, so that everything may import from it and it from nothing. `layers` are
    the parts that are loaded next, in this order, and stay: each may import from those before it, and everything from them.
    `staying`: the base, the layers, and "" for what is in no part.
    """

    def __init__(self, sources: dict[str, str], parts: dict[str, list[str]], layers: Sequence[str] = ()) -> None:
        self.trees = {path: ast.parse(source) for path, source in sources.items()}
        self.parts = parts
        self.staying = [next(iter(parts)), *layers, ""]
        self._aliases: dict[str, str] = {}
        self._bindings: dict[str, dict[str, Binding]] = {}
        for path, tree in self.trees.items():
            tree.body = _for_device(tree.body)
            _Bare().visit(tree)
            self._take_aliases(path, tree)
        for path, tree in self.trees.items():
            for node in walk(tree):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    self._check_import(path, node)
                elif _goes_by_text(node):
                    where = f"{path}.py:{getattr(node, 'lineno', 0)}"
                    raise CheYouError(f"{where}: {ast.unparse(node)}: names become others in the build", "do without")

    def part_of(self, path: str) -> str:
        """The first module of the part that a module is in, "" when it is in none."""
        return next((first for first, members in self.parts.items() if path == first or path in members), "")

    def turn(self, part: str) -> int:
        """When it is loaded: the layers one after the other ("" is all that is in no part), then the others."""
        return self.staying.index(part) if part in self.staying else len(self.staying)

    def home(self, module: str | None) -> str | None:
        """The path of our module that an import statement names; None for other people's."""
        path = (module or "").replace(".", "/")
        path = self._aliases.get(path, path)
        return path if path in self.trees else None

    def bindings(self, path: str) -> dict[str, Binding]:
        """What the imports of a module bind: name → (module of ours, its name there), or (module, "") for the module itself."""
        if path in self._bindings:
            return self._bindings[path]
        found: dict[str, Binding] = {}
        for node in self.trees[path].body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    module, home = self.home(f"{node.module}.{alias.name}"), self.home(node.module)
                    if module:
                        found[alias.asname or alias.name] = module, ""
                    elif home:
                        found[alias.asname or alias.name] = home, alias.name
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if module := self.home(alias.name):
                        found[alias.asname or alias.name] = module, ""
        self._bindings[path] = found
        return found

    def resolve(self, path: str, name: str) -> Binding:
        """Where a name of a module was defined, through however many imports: (module, name); (module, "") for a module."""
        while True:
            bound = self.bindings(path).get(name)
            if bound is None or not bound[1]:
                return bound or (path, name)
            path, name = bound

    def ordered(self) -> list[str]:
        """All modules, each after those it imports."""
        begun: list[str] = []
        done: list[str] = []

        def add(path: str) -> None:
            if path not in begun:
                begun.append(path)
                for home, _ in self.bindings(path).values():
                    add(home)
                done.append(path)

        for path in sorted(self.trees):
            add(path)
        return done

    def families(self) -> dict[str, str]:
        """Module → the name of its family: modules whose classes inherit from one another are one."""
        family = {path: path for path in self.trees}
        for path, tree in self.trees.items():
            for node in walk(tree):
                for base in node.bases if isinstance(node, ast.ClassDef) else ():
                    named = base.value if isinstance(base, ast.Attribute) else base
                    home = self.resolve(path, named.id)[0] if isinstance(named, ast.Name) else path
                    old, new = family[path], family[home]
                    family = {member: new if name == old else name for member, name in family.items()}
        return family

    def hoist_imports(self) -> None:
        """Make imports inside functions imports of their module, but those of a part, which is loaded there and then."""
        for path, tree in self.trees.items():
            hoist = _Hoist(self, path)
            hoist.visit(tree)
            tree.body[:0] = hoist.found
        self._bindings.clear()

    def keep_reachable(self) -> None:
        """Forget modules that no part imports, however indirectly."""
        todo = [path for first, members in self.parts.items() for path in (first, *members)]
        seen = set(todo)
        while todo:
            found = {home for home, _ in self.bindings(todo.pop()).values()} - seen
            seen |= found
            todo += found
        self.trees = {path: tree for path, tree in self.trees.items() if path in seen}

    def is_at_hand(self, home: str, path: str) -> bool:
        """Whether a module is loaded whenever another one is."""
        part, other = self.part_of(path), self.part_of(home)
        if part in self.staying:
            return other in self.staying[: self.staying.index(part) + 1]
        return other == part or other in self.staying

    def _check_import(self, path: str, node: ast.Import | ast.ImportFrom) -> None:
        where = f"{path}.py:{node.lineno}"
        if isinstance(node, ast.ImportFrom) and (node.level or any(alias.name == "*" for alias in node.names)):
            raise CheYouError(f"{where}: an import that does not say what it imports", "name it in full")
        for name in [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]:
            home = self.home(name)
            if home is None or node.col_offset:
                continue
            if self.part_of(path) not in self.staying or self.is_at_hand(home, path):
                continue
            if self.part_of(home) in self.staying:
                raise CheYouError(f"{where}: imports {name}, but is loaded before it", "put both in one part in pyproject.toml")
            raise CheYouError(f"{where}: imports {name}, which is loaded on demand", "load it where it is needed")

    def _take_aliases(self, path: str, tree: ast.Module) -> None:
        """`sys.modules["x"] = y` gives a module of ours a name that other people's code imports it by."""
        for node in list(tree.body):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
                target = node.targets[0]
                if isinstance(target, ast.Subscript) and ast.unparse(target.value) == "sys.modules":
                    module, _ = self.resolve(path, node.value.id)
                    self._aliases[ast.literal_eval(target.slice)] = module
                    tree.body.remove(node)
                    self._bindings.clear()


class _Inner(dict[type[ast.AST], tuple[str, ...]]):
    """By its kind, the fields of a node that may hold nodes."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        fields = () if kind is ast.Constant else tuple(field for field in kind._fields if field not in _BARE_FIELDS)
        self[kind] = fields
        return fields


_INNER = _Inner()


def below(node: ast.AST) -> list[ast.AST]:
    """The nodes in a node, but for contexts and operators."""
    found: list[ast.AST] = []
    for field in _INNER[type(node)]:
        value = getattr(node, field, None)
        if type(value) is list:
            found += [part for part in value if isinstance(part, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


class Quick:
    """`ast.NodeTransformer.generic_visit` in half the time; stands before it among the bases. A build has two seconds."""

    visit: Callable[[ast.AST], Any]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in _INNER[type(node)]:
            value = getattr(node, field, None)
            if type(value) is list:
                visited: list[Any] = []
                for part in value:
                    new = self.visit(part) if isinstance(part, ast.AST) else part
                    visited += new if type(new) is list else [new] if new is not None else []
                value[:] = visited
            elif isinstance(value, ast.AST):
                new = self.visit(value)
                if new is None:
                    delattr(node, field)
                else:
                    setattr(node, field, new)
        return node

    def comprehend(self, node: Comprehension) -> None:
        """Visit what a comprehension evaluates in its own scope: all but the iterable of its first `for`."""
        for number, generator in enumerate(node.generators):
            generator.target = self.visit(generator.target)
            if number:
                generator.iter = self.visit(generator.iter)
            generator.ifs = [self.visit(test) for test in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self.visit(node.key), self.visit(node.value)
        else:
            node.elt = self.visit(node.elt)


class _Hoist(Quick, ast.NodeTransformer):
    def __init__(self, program: Program, path: str) -> None:
        self._program = program
        self._path = path
        self.found: list[ast.stmt] = []

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        home = self._program.home(node.module)
        if not node.col_offset or home is None or not self._program.is_at_hand(home, self._path):
            return node
        node.col_offset = 0
        self.found.append(node)
        return None


class _Bare(Quick, ast.NodeTransformer):
    """Leaves out docstrings, annotations and `const`, whose names would be constants of the whole bundle."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return node.args[0] if isinstance(node.func, ast.Name) and node.func.id == "const" else node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def _without_docstring(self, node: Function | ast.ClassDef) -> ast.AST:
        node.body = [part for part in node.body if not _is_docstring(part)] or [ast.Pass()]
        return self.generic_visit(node)


def _for_device(body: list[ast.stmt]) -> list[ast.stmt]:
    """A module's statements without docstring, with `try: import … except ImportError` decided for MicroPython."""
    result: list[ast.stmt] = []
    for node in body:
        caught = [ast.unparse(handler.type) for handler in node.handlers if handler.type] if isinstance(node, ast.Try) else []
        if isinstance(node, ast.Try) and caught == ["ImportError"]:
            modules = [part.module or "" for part in node.body if isinstance(part, ast.ImportFrom)]
            host_only = any(module.partition(".")[0] in _HOST_ONLY for module in modules)
            result += node.handlers[0].body if host_only else node.body
        elif not _is_docstring(node):
            result.append(node)
    for node in result:
        node.col_offset = 0
    return result


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _goes_by_text(node: ast.AST) -> bool:
    """Whether code reaches for names in a way that is not followed here. `getattr` is: a name that stands as a text stays."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("eval", "exec", "globals", "locals", "vars")
    return isinstance(node, ast.Global | ast.Nonlocal)


def walk(*roots: ast.AST) -> Iterator[ast.AST]:
    """All nodes below, as `ast.walk` gives them but for contexts and operators, in a fifth of the time."""
    todo = list(roots)
    while todo:
        node = todo.pop()
        yield node
        todo += below(node)
