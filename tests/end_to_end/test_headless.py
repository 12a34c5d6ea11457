"""The main way once more as anybody else would drive it: `cheyou simulate --headless`, JSON lines in and out."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools import boards
from host_tools.stand.centre_process import CHEYOU
from host_tools.stand.terminal import BOARD, HEAP
from host_tools.toolchain import ROOT
from provisioning.identity import Identity
from provisioning.nvs_image import nvs_image
from tests.end_to_end.shop import Shop

Line = dict[str, Any]
_WAIT_S = 20


class Headless:
    """The process, and every line it has said."""

    def __init__(self, nvs: Path, state: Path) -> None:
        command = [*CHEYOU, "simulate", "--headless", "--nvs", str(nvs), "--state", str(state), "--heap", HEAP]
        self.said: list[Line] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def tell(self, **line: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def wait_lcd(self, *beginnings: str) -> None:
        """Wait until the rows of the glass begin so."""
        self._wait(lambda line: "lcd" in line and all(map(str.startswith, line["lcd"], beginnings)))

    def wait_event(self, name: str) -> None:
        self._wait(lambda line: line.get("event") == name)

    def end(self) -> int:
        self.tell(quit=True)
        return self._process.wait(15)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _wait(self, fits: Callable[[Line], bool]) -> Line:
        """The first line not looked at yet that fits."""
        deadline = time.monotonic() + _WAIT_S
        with self._news:
            while True:
                while self.said:
                    line = self.said.pop(0)
                    assert "error" not in line and line.get("event") != "halted", line
                    if fits(line):
                        return line
                if not self._news.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no such line within {_WAIT_S} s")

    def _read(self) -> None:
        assert self._process.stdout
        for text in self._process.stdout:
            with self._news:
                self.said.append(json.loads(text))
                self._news.notify_all()


@pytest.fixture
def headless(shop: Shop, tmp_path: Path) -> Iterator[tuple[str, Headless]]:
    terminal, key = shop.enrol()
    identity = Identity(
        terminal, f"mqtt://127.0.0.1:{shop.centre.mqtt_port}", f"http://127.0.0.1:{shop.centre.http_port}", "bench", key=key
    )
    nvs = tmp_path / "nvs.bin"
    nvs.write_bytes(nvs_image(identity, boards.load(BOARD).partition("nvs").size))
    process = Headless(nvs, tmp_path / "board.flash")
    yield terminal, process
    with contextlib.suppress(OSError):
        process.kill()


def test_check_redeem_offline_and_back(shop: Shop, headless: tuple[str, Headless]) -> None:
    terminal, line = headless
    first, second = shop.member(), shop.member()
    line.wait_event("booted")
    line.wait_event("connected")
    line.wait_lcd("Member number?")
    line.tell(hold="*", ms=1200)
    line.tell(keys="#", down_ms=100)
    line.wait_lcd("List 2")
    line.tell(keys="*")
    line.wait_lcd("Member number?")
    line.tell(keys=f"{first}#", down_ms=100, up_ms=80)
    line.wait_lcd("20", "#OK")
    line.tell(keys="#", down_ms=100)
    line.wait_lcd("OK VIP -20%", "#save  *no      ")
    line.tell(keys="#", down_ms=100)
    line.wait_lcd("SAVED No 1", "138****")
    shop.wait_records(terminal, 1)
    line.tell(network="down")
    line.wait_event("disconnected")
    line.tell(keys=f"{second}#", down_ms=100, up_ms=80)
    line.wait_lcd("20", "#OK")
    line.tell(keys="#", down_ms=100)
    line.wait_lcd("OK VIP -20%", "#save  *no list")
    line.tell(keys="#", down_ms=100)
    line.wait_lcd("SAVED No 2", "138****")
    line.tell(power="cut")
    line.tell(network="up")
    line.tell(power="on")
    line.wait_event("booted")
    rows = shop.wait_records(terminal, 2)
    assert [row.member for row in rows] == [int(first), int(second)]
    assert line.end() == 0
