"""Boards on a bench of their own: a folder of ports, a stock firmware, and robots for technicians."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools import boards, cli, toolchain
from host_tools.boards import Board
from host_tools.build import build_image
from tests.flash import stock
from tests.rom_double import BoardDouble

DEVKIT = "esp32-devkit-4mb"


@pytest.fixture(scope="session")
def devkit(tool: Callable[..., Path]) -> Board:
    """The board the doubles are."""
    tool(toolchain.mpy_cross)
    return boards.load(DEVKIT)


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stock firmware file, smaller than a real one."""
    path = tmp_path_factory.mktemp("firmware") / "ESP32_GENERIC-20250911-v1.26.1.bin"
    path.write_bytes(stock.firmware(600_000))
    return path


@pytest.fixture(scope="session")
def image(devkit: Board, firmware: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole image of the devkit, built once."""
    path = tmp_path_factory.mktemp("image") / "devkit.bin"
    build_image(devkit, firmware).write(path)
    return path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., BoardDouble]]:
    """`bench(n=0, …)` plugs a double in; `cheyou` finds it. The bench's folder is `tmp_path / "bench"`."""
    ports = tmp_path / "ports"
    ports.mkdir()
    monkeypatch.setenv("CHEYOU_PORTS", f"{ports}/tty*[0-9]")
    monkeypatch.setenv("CHEYOU_BENCH", str(tmp_path / "bench"))
    monkeypatch.setenv("CHEYOU_DATA", str(tmp_path / "centre"))
    monkeypatch.setenv("CHEYOU_FIRMWARE_URL", "http://127.0.0.1:9")  # nobody there
    plugged: list[BoardDouble] = []

    def plug(number: int = 0, **options: Any) -> BoardDouble:
        options.setdefault("mac", f"24:6f:28:00:00:{number:02x}")
        board = BoardDouble(ports, f"ttyBENCH{number}", **options)
        plugged.append(board)
        return board

    yield plug
    for board in plugged:
        board.close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`run("flash", "--all", …)`: exit code, stdout and stderr of a `cheyou` command."""

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call
