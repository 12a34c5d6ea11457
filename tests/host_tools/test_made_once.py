"""`firmware/main.py` forgets the constructors of what there is one of: nothing may call them later."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from host_tools import toolchain

MAIN = toolchain.ROOT / "firmware" / "main.py"
ROOTS = (MAIN, toolchain.ROOT / "firmware" / "service.py")


def made_once() -> set[str]:
    for node in ast.parse(MAIN.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_MADE_ONCE":
            return {name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)}
    raise AssertionError("no _MADE_ONCE")


def calls(node: ast.AST, once: set[str]) -> Iterator[str]:
    """What is called, but for what the constructors of `once` call."""
    for part in ast.iter_child_nodes(node):
        if isinstance(node, ast.ClassDef) and node.name in once and isinstance(part, ast.FunctionDef) and part.name == "__init__":
            continue
        if isinstance(part, ast.Call):
            yield part.func.attr if isinstance(part.func, ast.Attribute) else ast.unparse(part.func)
        yield from calls(part, once)


def test_nothing_makes_them_again() -> None:
    once = made_once()
    assert len(once) > 20
    for folder in ("protocol", "drivers", "firmware", "firmware/terminal"):
        for path in (toolchain.ROOT / folder).glob("*.py"):
            if path not in ROOTS:
                made = once.intersection(calls(ast.parse(path.read_text(encoding="utf-8")), once))
                assert not made, f"{path.name} makes {made}"
