"""What all tests share: tools that may be missing outside CI, and free ports."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import toolchain
from host_tools.errors import CheYouError

# Terminals that live in real time: beside other tests on the same processors they would measure those.
_ALONE = {"drivers", "end_to_end", "flash", "panel", "simulator", "uplink"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what must not share the machine: `make test` runs all else side by side, and then these one by one."""
    for item in items:
        if _ALONE & set(item.path.relative_to(toolchain.ROOT / "tests").parts) or item.path.stem == "test_chaos":
            item.add_marker("alone")


@pytest.fixture(scope="session")
def tool() -> Callable[[Callable[[], Path]], Path]:
    """`tool(toolchain.mosquitto)`: the tool's path; where it is missing the test is skipped, with `CI=true` it fails."""

    def find(where: Callable[[], Path]) -> Path:
        try:
            return where()
        except CheYouError as error:
            if toolchain.strict():
                raise
            pytest.skip(str(error))

    return find


@pytest.fixture
def free_port() -> int:
    """A TCP port of the loopback interface that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
