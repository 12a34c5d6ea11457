"""What all tests share: tools that may be missing outside CI, and free ports."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import toolchain
from host_tools.errors import CheYouError


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
