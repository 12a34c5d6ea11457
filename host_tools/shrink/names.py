"""Names: one that MicroPython does not know yet costs its letters and eight bytes, once for the whole program.

So ours become names that are there anyway: MicroPython's own, and texts that look like a name. What modules define, attributes
and parameters are worlds apart, so one name serves in all of them; and so are the private attributes of classes that do not
inherit from one another. What is called by keyword keeps its name, and what a text or other people's code may mean.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import keyword
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from host_tools.errors import CheYouError
from host_tools.shrink.locals import rename_locals
from host_tools.shrink.program import Function, Program, Quick, walk
from host_tools.shrink.scopes import Scopes

# Names with an index below this take one byte in the code, others two.
_SHORT = 127
# What a call of these means the compiler decides, and `_fields`, whatever they name.
_SPECIAL = {"const", "namedtuple"}


def known_names() -> tuple[set[str], set[str]]:
    """The names that MicroPython has anywhere, and those that the ESP32 has besides."""
    parts = Path(__file__).with_name("foreign_names.txt").read_text(encoding="utf-8").split("\n\n")
    micropython, esp32 = ({n for line in part.splitlines() if not line.startswith("#") for n in line.split()} for part in parts)
    return micropython, esp32


def mark_private(program: Program, foreign: set[str]) -> dict[str, set[str]]:
    """Tell private attributes of one family of classes from those of another: `_x` becomes `family._x`.

    Returns for each family the public attributes that its classes may have.
    """
    family = program.families()
    for path, tree in program.trees.items():
        modules = {name for name, (_, what) in program.bindings(path).items() if not what}
        for node in list(_attribute_nodes(tree)):
            name = _name(node)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                continue  # a name in a module
            if name.startswith("_") and not name.startswith("__") and name not in foreign:
                _set_name(node, f"{family[path]}.{name}")
    defined = {name for tree in program.trees.values() for name in _defined(tree)}
    public: dict[str, set[str]] = {}
    stored_from_outside: set[str] = set()
    for path, tree in program.trees.items():
        public.setdefault(family[path], set()).update(_defined(tree))
        for node in walk(tree):
            if isinstance(node, ast.Attribute):
                if "." in node.attr and node.attr not in defined:
                    private = node.attr.partition(".")[2]
                    where = f"{path}.py:{node.lineno}"
                    raise CheYouError(f"{where}: uses {private}, which is private elsewhere", "give it a public name")
                if isinstance(node.ctx, ast.Store) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                    stored_from_outside.add(node.attr)
    return {name: names | stored_from_outside for name, names in public.items()}


class Renamer:
    """New names for all bundles together: `names` (of what modules define) and `attributes`, old → new.

    `public`: from `mark_private` · `foreign`: names of other people's code · `entries`: modules whose public names stay.
    """

    def __init__(
        self, bundles: dict[str, ast.Module], resident: str, public: dict[str, set[str]], foreign: set[str], entries: set[str]
    ) -> None:
        self._bundles = bundles
        trees = list(bundles.values())
        nodes = [node for tree in trees for node in walk(tree)]
        keywords = {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}
        texts = {text for tree in trees for text in _texts(tree)}
        attributes = Counter(_name(node) for tree in trees for node in _attribute_nodes(tree))
        modules = Counter(name for node in nodes for name in _module_names(node))
        entry = {name: name.partition(":")[2] for name in modules if _is_entry(name, entries)}
        defined = {name for tree in trees for name in _defined(tree)}
        kept = foreign | keywords | texts | set(entry.values())
        ours = [n for n, _ in attributes.most_common() if n in defined and n not in kept and not n.startswith("__")]
        used_as_they_are = set(attributes) - set(ours)
        known, _ = known_names()
        texts_at_hand = set(_texts(bundles[resident])) if resident in bundles else set()
        free = known | keywords | used_as_they_are | texts_at_hand
        self._free = sorted(n for n in free if n.isidentifier() and not n.startswith("__") and not keyword.iskeyword(n))
        # What must not be hidden by a new name of a module's or a parameter.
        self._fixed = _SPECIAL | keywords | set(dir(builtins)) | set(entry.values()) | _plain(bundles)
        self.attributes = self._name_attributes(ours, public, used_as_they_are | (foreign - known))
        rest = [name for name, _ in modules.most_common() if name not in entry]
        self.names = entry | dict(zip(rest, _targets(self._costless, self._fixed), strict=False))

    def apply(self) -> None:
        """Rename everywhere."""
        for tree in self._bundles.values():
            rename_locals(tree, self._fixed, self._costless, self.names)
            _Apply(self.attributes, self.names).visit(tree)
            _put_frequent_first(tree)

    @property
    def _costless(self) -> list[str]:
        """Names to give away, first those that are given away already: one name in many places has one short index."""
        return list(dict.fromkeys([*self.attributes.values(), *self._free]))

    def _name_attributes(self, ours: list[str], public: dict[str, set[str]], taken: set[str]) -> dict[str, str]:
        shared = [name for name in ours if "." not in name]
        new = dict(zip(shared, _targets(self._free, taken), strict=False))
        for family, names in public.items():
            private = [name for name in ours if name.startswith(family + ".")]
            in_use = taken | {new[name] for name in names if name in new}
            new |= zip(private, _targets([*new.values(), *self._free], in_use), strict=False)
        return new


class _Apply(Quick, ast.NodeTransformer):
    """Puts new names on attributes and on what modules define."""

    def __init__(self, attributes: dict[str, str], names: dict[str, str]) -> None:
        self._attributes = attributes
        self._names = names

    def visit_Module(self, node: ast.Module) -> ast.AST:
        for attribute in list(_attribute_nodes(node)):
            _set_name(attribute, self._attributes.get(_name(attribute), _name(attribute)))
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return node

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _definition  # noqa: N815


def _attribute_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes that name an attribute: where it is used, in a class body, as a field of a namedtuple."""
    for node in walk(tree):
        if isinstance(node, ast.Attribute):
            yield node
        elif isinstance(node, ast.Call):
            yield from _fields(node)
        elif isinstance(node, ast.ClassDef):
            yield from (part for part in node.body if isinstance(part, Function))
            # In the body itself they stand bare.
            methods = [part for part in node.body if isinstance(part, Function)]
            direct = [part for part in node.body if part not in methods] + [
                d for method in methods for d in method.decorator_list
            ]
            bare = [name for part in direct for name in walk(part) if isinstance(name, ast.Name)]
            own = {name.id for name in bare if isinstance(name.ctx, ast.Store)} | {method.name for method in methods}
            yield from (name for name in bare if name.id in own)


def _defined(tree: ast.AST) -> Iterator[str]:
    """The attributes that our code makes."""
    for node in _attribute_nodes(tree):
        if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Store):
            yield _name(node)


def _fields(call: ast.Call) -> list[ast.Constant]:
    """The texts in a call that name the fields of a namedtuple."""
    if isinstance(call.func, ast.Name) and call.func.id == "namedtuple" and isinstance(call.args[1], ast.Tuple):
        return [field for field in call.args[1].elts if isinstance(field, ast.Constant)]
    return []


def _texts(tree: ast.AST) -> Iterator[str]:
    """All texts, but those that name fields."""
    fields = {id(field) for node in walk(tree) if isinstance(node, ast.Call) for field in _fields(node)}
    for node in walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in fields:
            yield node.value


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    return str(node.value) if isinstance(node, ast.Constant) else node.name  # type: ignore[attr-defined]


def _set_name(node: ast.AST, name: str) -> None:
    fields: dict[type, str] = {ast.Attribute: "attr", ast.Name: "id", ast.Constant: "value"}
    setattr(node, fields.get(type(node), "name"), name)


def _module_names(node: ast.AST) -> Iterator[str]:
    """Names of what modules define: `module:name`."""
    name = node.id if isinstance(node, ast.Name) else node.name if isinstance(node, Function | ast.ClassDef) else ""
    if ":" in name:
        yield name


def _is_entry(name: str, entries: set[str]) -> bool:
    module, _, short = name.partition(":")
    return module in entries and not short.startswith("_")


def _targets(first: Iterable[str], taken: set[str]) -> Iterator[str]:
    """Names to give away: those in `first`, which cost nothing, then short ones."""
    given: set[str] = set()
    letters = (itertools.product(string.ascii_lowercase, repeat=length) for length in itertools.count(1))
    for name in itertools.chain(first, map("".join, itertools.chain.from_iterable(letters))):
        if name not in taken and name not in given and not keyword.iskeyword(name):
            given.add(name)
            yield name


def _plain(bundles: dict[str, ast.Module]) -> set[str]:
    """Names used bare that are neither a function's nor ours: built-in and imported ones."""
    names = {
        (alias.asname or alias.name).partition(".")[0]
        for tree in bundles.values()
        for node in walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for tree in bundles.values():
        names |= set(_used(tree))
    return {name for name in names if ":" not in name}


def _put_frequent_first(tree: ast.Module) -> None:
    """Begin with a statement that does nothing and names what the code names most: indexes are given in that order."""
    used = _used(tree)
    used.update(node.attr for node in walk(tree) if isinstance(node, ast.Attribute))
    used.update(node.arg for node in walk(tree) if isinstance(node, ast.keyword) and node.arg)
    used.update(_texts(tree))
    names = ", ".join(name for name, _ in used.most_common(_SHORT) if name.isidentifier() and not keyword.iskeyword(name))
    tree.body[:0] = ast.parse(f"__name__ or ({names})").body


def _used(tree: ast.Module) -> Counter[str]:
    """How often names are used that are not a function's."""
    count = _Count()
    count.visit(tree)
    return count.used


class _Count(Scopes):
    def __init__(self) -> None:
        super().__init__()
        self.used: Counter[str] = Counter()

    def module_name(self, node: ast.Name) -> ast.AST:
        self.used[node.id] += 1
        return node
