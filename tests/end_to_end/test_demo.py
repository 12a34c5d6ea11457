"""`cheyou demo`, which is what `make run` starts, as it runs without a keyboard: lines of keys in, pictures of the glass out."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.commands import _browser
from host_tools.stand.centre_process import CHEYOU
from host_tools.toolchain import ROOT
from simulator.panel.server import free_port
from tests.end_to_end.shop import until


class Demo:
    """One run of it, and what it says."""

    def __init__(self, data: Path, *options: str, **environment: str) -> None:
        self.data = data
        self._said: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [*CHEYOU, "demo", "--data", str(data), *(options or ("--no-browser", "--port", "0"))],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment},
        )  # fmt: skip
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
def demos() -> Iterator[Callable[..., Demo]]:
    """Demos end with the test, whatever becomes of it."""
    started: list[Demo] = []

    def start(data: Path, *options: str, **environment: str) -> Demo:
        started.append(Demo(data, *options, **environment))
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


def test_demo_goes_on_where_it_ended(demos: Callable[..., Demo], tmp_path: Path) -> None:
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
    # Without any input it serves its page until it is told to end.
    assert third.process.stdin
    third.process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        third.process.wait(1)
    third.process.send_signal(signal.SIGTERM)
    assert third.process.wait(30) == 0
    assert not _centres_of(tmp_path)


def test_cashiers_sign_in_where_that_is_asked_for(demos: Callable[..., Demo], tmp_path: Path) -> None:
    plain = ("--no-browser", "--port", "0", "--terminal", "esp32-devkit-4mb")
    first = demos(tmp_path, *plain, "--sign-in")
    first.wait("^Sign in   1357 #")
    first.wait("ready")
    # The settings that say so come a moment after the first screen.
    until(lambda: first.key("#") or first.wait("│ ").startswith("│ Sign in: PIN?") or None, 20)  # type: ignore[func-returns-value]
    first.key("1357#")
    first.wait("Cashier 1")
    first.key("13800138000##")
    first.wait("OK VIP -20%")
    first.key("#")
    first.wait("SAVED No 1 ")
    until(lambda: [row["cashier"] for row in _redemptions(tmp_path)] == [1] or None, 20)
    assert first.end() == 0

    second = demos(tmp_path, *plain)
    second.wait("ready")
    until(lambda: second.key("*") or second.wait("│ ").startswith("│ Member number?") or None, 20)  # type: ignore[func-returns-value]
    assert second.end() == 0


def test_the_panel_is_there_and_the_browser_is_told(demos: Callable[..., Demo], tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\nexit 1\n')  # and one that fails does no harm
    browser.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = demos(tmp_path / "other", "--no-browser", "--port", str(port))
        assert other.process.wait(60) == 1, "a port that was asked for is not silently another one"
    demo = demos(tmp_path / "demo", "--terminal", "esp32-devkit-4mb:zh", DISPLAY=":99", BROWSER=str(browser), SSH_CONNECTION="")
    url = demo.wait("^Panel ").split()[1]
    demo.wait("ready")
    with urllib.request.urlopen(url) as page:  # noqa: S310 - http, as printed above
        assert "<title>CheYou Terminal</title>" in page.read().decode()
    assert until(lambda: opened.exists() and opened.read_text().strip(), 10) == url
    demo.key("13800138000##")
    demo.wait("有效 VIP -20%")
    assert demo.end() == 0


def test_a_free_port_is_the_next_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = free_port("127.0.0.1", port)
        assert found == 0 or port < found <= port + 50
        with socket.create_server(("127.0.0.1", found)):
            pass


@pytest.mark.parametrize(
    ("environment", "desktop"),
    [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True),
     ({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 22 10.0.0.2 22"}, False)],
)  # fmt: skip
def test_a_browser_opens_on_a_desktop_only(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], desktop: bool) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert _browser.has_desktop() is desktop


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
