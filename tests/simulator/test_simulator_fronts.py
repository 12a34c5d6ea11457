"""The two ways in for people and tools: JSON lines, and the text terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.toolchain import ROOT
from simulator.headless import Headless
from simulator.text_terminal import framed

CHEYOU = (sys.executable, "-c", "from host_tools.cli import main; main()")
SHOW = """
import network, time
from machine import PWM, Pin
from plain_lcd import PlainLcd
from plain_keys import PlainKeys
from esp32 import Partition
lcd = PlainLcd()
keys = PlainKeys()
light = Pin(33, Pin.OUT)
tone = PWM(Pin(25), freq=2000, duty_u16=0)
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("a", "b")
lcd.text(0, "ready %d" % time.gmtime()[0])
shown = ""
while True:
    for key in keys.pressed():
        shown = (shown + key)[-16:]
        lcd.text(1, shown)
        light.value(key == "#")
        if key == "*":
            tone.duty_u16(32768)
            time.sleep_ms(50)
            tone.duty_u16(0)
        if key == "D":
            Partition("journal").writeblocks(0, b"abcdefgh", 0)
        if key == "C":
            1 / 0
"""


def simulate(image: Path, lines: list[object], *options: str) -> list[dict]:
    """What `cheyou simulate --headless` answers to these lines; texts go in as they are."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    command = [*CHEYOU, "simulate", "--headless", "--image", str(image), *options]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def image(image_of: Callable[[str], bytes], tmp_path: Path, bench) -> Path:
    path = tmp_path / "image.bin"
    path.write_bytes(image_of(SHOW))
    return path


def glass(events: list[dict]) -> list[list[str]]:
    return [event["lcd"] for event in events if "lcd" in event]


def test_json_lines_drive_the_board_and_tell_what_happens(image: Path) -> None:
    events = simulate(
        image,
        [
            {"wait_lcd": "ready"}, {"keys": "12#", "down_ms": 120}, {"wait_ms": 100}, {"keys": "*", "down_ms": 120},
            {"hold": "5", "ms": 300},
            {"network": "down"}, {"wait_ms": 800}, {"network": "up", "delay_ms": 5}, {"quit": True},
        ],
    )  # fmt: skip
    assert glass(events)[-2] == ["ready 2000      ", "12#*5           "]
    assert [e["key"] for e in events if "key" in e] == list("12#*5")
    assert {"green": True, "red": False} in [e.get("led") for e in events]
    assert [e["beep"][0] for e in events if "beep" in e] == [2000]
    names = [e["event"] for e in events if "event" in e]
    assert names[:3] == ["booted", "connected", "disconnected"]
    times = [e["t_ms"] for e in events if "key" in e]
    assert times == sorted(times)
    assert times[1] - times[0] >= 175


def test_power_and_flash_cuts(image: Path) -> None:
    events = simulate(
        image,
        [
            {"wait_lcd": "ready"}, {"power_cut_after_flash_ops": 1, "torn": "half"}, {"keys": "D"}, {"wait_ms": 50},
            {"power": "on"}, {"wait_lcd": "ready"}, {"power": "cut"}, {"power": "cut"}, {"power": "on"}, {"wait_lcd": "ready"},
        ],
        "--fast",
    )  # fmt: skip
    assert [e["event"] for e in events if e.get("event") == "booted"] == ["booted"] * 3
    dark = [" " * 16] * 2
    assert glass(events).count(dark) == 3  # two cuts and the end


def test_the_world_has_the_time_it_is_given(image: Path) -> None:
    events = simulate(image, [{"clock": "2026-12-01T00:00:00+08:00"}, {"clock": "2026-12-01"}, {"clock": 5}])
    assert [e["error"] for e in events if "error" in e] == [
        "a time needs its offset from UTC, as in 2026-12-01T00:00:00+08:00", "clock is a text",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", "no JSON"), ("[1]", "JSON object"), ({"foo": 1}, "nothing known"), ({"keys": "1Z"}, "no key 'Z'"),
        ({"keys": 5}, "is a text"), ({"keys": "1", "down_ms": -1}, "at least 0"), ({"network": "sideways"}, "up, down"),
        ({"power": 1}, "on, cut"), ({"power_cut_after_flash_ops": 0}, "from 1"), ({"wait_ms": True}, "a number"),
        ({"power_cut_after_flash_ops": 1, "torn": "rag"}, "half"), ({"network": "up", "tcp": "x"}, "tcp is one of"),
        ({"wait_lcd": "never", "timeout_ms": 1}, "did not show"), ({"hold": "99"}, "no key '99'"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_an_error_and_nothing_else(bench, line: object, words: str) -> None:
    board = bench.put("")
    output = io.StringIO()
    Headless(board, output).run([line if isinstance(line, str) else json.dumps(line)])
    answers = [json.loads(text) for text in output.getvalue().splitlines()]
    assert len(answers) == 1
    assert words in answers[0]["error"]


def test_a_halted_firmware_is_told_with_its_exception(image: Path) -> None:
    events = simulate(image, [{"wait_lcd": "ready"}, {"keys": "C"}, {"wait_ms": 200}])
    halted = next(e for e in events if e.get("event") == "halted")
    assert halted["last_line"] == "ZeroDivisionError: divide by zero"


def test_state_is_kept_between_runs(image: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.bin"
    simulate(image, [{"wait_lcd": "ready"}, {"keys": "D"}, {"wait_ms": 100}], "--state", str(state))
    assert state.read_bytes().count(b"abcdefgh") >= 1
    again = subprocess.run(
        [*CHEYOU, "simulate", "--headless", "--state", str(state), "--trace"],
        input='{"wait_lcd": "ready"}\n', capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
    )  # fmt: skip
    assert "ready" in again.stdout
    assert "bench: reset" in again.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--image", "missing.bin"], "run `cheyou build`"), (["--nvs", "pyproject.toml"], "is no NVS image"),
        (["--heap", "lots"], "write it as 96K"), (["--board", "abacus"], "choose one of"),
        (["--state", "pyproject.toml"], "is no flash of"), (["--state", "pyproject.toml", "--image", "x"], "already holds"),
    ],
)  # fmt: skip
def test_wrong_options_end_in_one_line_with_the_next_step(image: Path, options: list[str], words: str) -> None:
    usual = [] if {"--image", "--state"} & set(options) else ["--image", str(image)]
    command = [*CHEYOU, "simulate", "--headless", *usual, *options]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_frames_give_way_to_wide_characters() -> None:
    assert framed(["12月 ", "abcd"]) == ["┌───────┐", "│ 12月  │", "│ abcd  │", "└───────┘"]


def test_the_text_terminal_draws_and_takes_keys(image: Path) -> None:
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        [*CHEYOU, "simulate", "--image", str(image)],
        stdin=screen, stdout=screen, stderr=screen, cwd=ROOT, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(screen)
    seen = ""

    def until(words: str) -> None:
        nonlocal seen
        deadline = time.monotonic() + 20
        while words not in seen:
            assert time.monotonic() < deadline, seen[-2000:]
            if select.select([keyboard], [], [], 0.2)[0]:
                seen += os.read(keyboard, 4096).decode(errors="replace")

    try:
        until("ready 2000")
        until("joined")
        os.write(keyboard, b"42#")
        until("42#")
        seen = ""
        os.write(keyboard, b"n")
        until("network down")
        os.write(keyboard, b"p")
        until("power off")
        os.write(keyboard, b"q")
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        os.close(keyboard)


def test_lines_of_keys_work_without_a_terminal(image: Path) -> None:
    process = subprocess.Popen(
        [*CHEYOU, "simulate", "--image", str(image)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    while "ready" not in process.stdout.readline():
        pass
    output, errors = process.communicate("12\nZ\n34\n", timeout=30)
    assert "1234" in output
    assert "no key 'Z'" in errors
    assert process.returncode == 0
