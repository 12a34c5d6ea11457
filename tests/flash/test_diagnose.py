"""Diagnosis over USB and from the code, logs, monitor and labels: on the bytes that were written to the board."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.boards import Board
from host_tools.stand.centre_process import CentreProcess
from tests.flash.technician import simulated
from tests.flash.test_flash import refused
from tests.flash.test_in_service import batch, centre
from tests.flash.test_swap import wait
from tests.rom_double import BoardDouble

Bench = Callable[..., BoardDouble]
Run = Callable[..., tuple[int, str, str]]
__all__ = ["centre"]  # a fixture


@pytest.mark.slow
def test_a_terminal_over_usb_and_over_the_phone(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    running = simulated(devkit, tmp_path, 0)
    board = bench(0, image=image.read_bytes(), running=running)
    run("provision", "--new-authority")
    assert run("provision", batch(tmp_path / "boards.csv", centre, [board.mac]), "--no-selftest")[0] == 0
    code, out, err = run("diagnose", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["facts"]["wifi"], found["facts"]["broker"], found["facts"]["clock"]) == ("ok", "ok", "centre")
    assert found["measured"]["terminal"] == "T-00" and found["measured"]["waiting"] == 0
    digits = found["code"]
    code, out, _ = run("diagnose", digits[:4], digits[4:8], digits[8:], "--json")
    assert code == 0 and json.loads(out)["facts"] == found["facts"]
    refused(run("diagnose", digits[:-1] + str((int(digits[-1]) + 1) % 10)), "a digit is wrong", "ask for the 12 digits once more")
    before, running.when_on = running.bench, lambda board: board.wifi_accepts("shop", "another password")
    board.reset()
    wait(lambda: running.bench not in (None, before), 10, lambda: running.bench)
    code, out, err = run("diagnose", "--language", "zh")
    assert code == 0 and "Wi-Fi 密码不对" in out, (out, err)
    code, out, err = run("logs")
    assert code == 0 and "no failure is on record" in out, err
    assert "a secret of the shop" not in out + err


def test_a_board_that_is_nobody(bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path) -> None:
    board = bench(0, image=image.read_bytes(), running=simulated(devkit, tmp_path, 0))
    refused(run("diagnose"), f"({board.mac}) has no identity", "cheyou provision BATCH.CSV")
    log = tmp_path / "monitor.log"
    board.reset()
    assert run("monitor", "--seconds", "3", "--log", log)[0] == 0
    assert "rst:0x1 (POWERON_RESET)" in log.read_text()


def test_labels_come_from_the_book(bench: Bench, image: Path, run: Run, tmp_path: Path, centre: CentreProcess) -> None:
    board = bench(0, image=image.read_bytes())
    refused(run("label", "--all"), "there are no units in the book", "cheyou flash --provision")
    run("provision", "--new-authority")
    run("provision", batch(tmp_path / "boards.csv", centre, [board.mac]), "--no-selftest")
    sheet = tmp_path / "sheet.pdf"
    code, out, _ = run("label", "T-00", "--sheet", sheet, "--json")
    assert code == 0 and json.loads(out)[0]["code"] == f"CHEYOU:T-00:{board.mac.replace(':', '').upper()}"
    assert sheet.read_bytes().startswith(b"%PDF")
    refused(run("label", "T-99"), "there is no unit T-99", "cheyou provision --list")
    assert run("label")[0] == 2
