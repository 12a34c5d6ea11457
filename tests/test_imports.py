"""Imports run downwards only (docs/architecture.md), and only drivers touch the hardware."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from host_tools.toolchain import ROOT

HARDWARE = ("machine", "network", "esp32")
KNOWN = (*HARDWARE, "board", "central", "drivers", "firmware", "host_tools", "protocol", "provisioning", "simulator")
MAY = {
    "protocol": ("protocol",),
    "drivers": ("drivers", *HARDWARE),
    "firmware/terminal": ("firmware.terminal", "protocol", "drivers.code_points"),  # which is arithmetic
    "firmware": ("board", "drivers", "firmware", "protocol"),
}


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("folder", MAY)
def test_no_module_reaches_upwards(folder: str) -> None:
    for path in (ROOT / folder).glob("*.py"):
        for module in imported(path):
            is_allowed = f"{module}.".startswith(tuple(f"{name}." for name in MAY[folder]))
            assert is_allowed or module.partition(".")[0] not in KNOWN, f"{path} imports {module}"
