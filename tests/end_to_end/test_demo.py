"""`cheyou demo`, which is what `make run` starts, as it runs without a keyboard: lines of keys in, pictures of the glass out."""

from __future__ import annotations

import json
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.stand.centre_process import CHEYOU
from host_tools.toolchain import ROOT
from tests.end_to_end.shop import until


class Demo:
    """One run of it, and what it says."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._said: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [*CHEYOU, "demo", "--data", str(data)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def key(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self, pattern: str, timeout: float = 60) -> str:
        """The next line that fits."""
        deadline = time.monotonic() + timeout
        while True:
            line = self._said.get(timeout=max(0.01, deadline - time.monotonic()))
            if re.search(pattern, line):
                return line

    def end(self) -> int:
        """The end of its input."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(30)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._said.put(line)


@pytest.fixture
def demos() -> Iterator[Callable[[Path], Demo]]:
    """Demos end with the test, whatever becomes of it."""
    started: list[Demo] = []

    def start(data: Path) -> Demo:
        started.append(Demo(data))
        return started[-1]

    yield start
    for demo in started:
        demo.process.kill()
        demo.process.wait()


def _redemptions(data: Path) -> list[dict[str, object]]:
    done = subprocess.run(
        [*CHEYOU, "redemptions", "--data", str(data), "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_demo_goes_on_where_it_ended(demos: Callable[[Path], Demo], tmp_path: Path) -> None:
    first = demos(tmp_path)
    first.wait("13800138000 # # #")
    first.wait("ready")
    first.key("13800138000 # #")
    first.wait("OK VIP -20%")
    first.key("#")
    first.wait("SAVED No 1 ")
    assert first.end() == 0
    assert len(_redemptions(tmp_path)) == 1

    second = demos(tmp_path)
    second.wait("ready")
    second.key("13800138000 # #")
    second.wait("OK VIP -20%")
    second.key("#")
    second.wait("already")
    second.key("n")
    second.key("#")
    second.wait("SAVED No 2 ")
    second.key("p")
    second.wait("power off")
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(30) == 0

    third = demos(tmp_path)
    third.wait("ready")
    until(lambda: len(_redemptions(tmp_path)) == 2 or None, 30)
    assert third.end() == 0
    assert not _centres_of(tmp_path)


def _centres_of(data: Path) -> list[Path]:
    """Processes left behind that name the folder on their command line."""
    here = str(data).encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if here in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(folder)
        except OSError:
            continue
    return found
