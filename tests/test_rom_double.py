"""Real esptool against the double of the ROM loader: without that, nothing tested on the double would mean much."""

from __future__ import annotations

import fcntl
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.rom_double import BoardDouble
from tests.rom_double.running import plain_micropython

NOISY = random.Random(6).randbytes(60_000) + bytes(100_000)


def esptool(board: BoardDouble, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run esptool's own command line on the board."""
    command = [sys.executable, "-m", "esptool", "--port", board.port, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.bin"
    path.write_bytes(NOISY)
    return path


def test_esptool_names_the_board(tmp_path: Path) -> None:
    with BoardDouble(tmp_path, mac="24:6f:28:aa:bb:cc", flash_bytes=0x800000) as board:
        said = esptool(board, "flash-id").stdout
    for line in ("Chip type:          ESP32-D0WDQ6", "40MHz", "24:6f:28:aa:bb:cc", "Stub flasher running", "flash size: 8MB"):
        assert line in said


def test_another_chip_is_another_chip(tmp_path: Path) -> None:
    with BoardDouble(tmp_path, chip="esp32s3") as board:
        assert "Chip type:          ESP32-S3" in esptool(board, "flash-id").stdout


@pytest.mark.parametrize("stub", [True, False])
def test_write_verify_read_erase(tmp_path: Path, image: Path, stub: bool) -> None:
    rom = [] if stub else ["--no-stub"]
    with BoardDouble(tmp_path) as board:
        done = esptool(board, *rom, "--baud", "460800", "write-flash", "0x10000", str(image))
        assert "Hash of data verified" in done.stdout, done.stdout
        assert board.flash.read(0x10000, len(NOISY)) == NOISY
        assert "digest matched" in esptool(board, *rom, "verify-flash", "0x10000", str(image)).stdout
        back = tmp_path / "back.bin"
        size = len(NOISY) if stub else 4096  # 64 bytes a command without the stub
        assert esptool(board, *rom, "read-flash", "0x10000", str(size), str(back)).returncode == 0
        assert back.read_bytes() == NOISY[:size]
        assert esptool(board, *rom, "erase-region", "0x10000", "0x1000").returncode == 0
        assert board.flash.read(0x10000, 0x1001) == b"\xff" * 0x1000 + NOISY[0x1000:0x1001]


def test_refused_blocks_are_sent_again(tmp_path: Path, image: Path) -> None:
    with BoardDouble(tmp_path) as board:
        board.faults.refuse_blocks = 2
        assert "Hash of data verified" in esptool(board, "write-flash", "0x10000", str(image)).stdout
        assert board.flash.read(0x10000, len(NOISY)) == NOISY


def test_a_bad_bit_is_found_by_verifying(tmp_path: Path, image: Path) -> None:
    with BoardDouble(tmp_path) as board:
        board.faults.corrupt_flash_writes = 1
        done = esptool(board, "write-flash", "0x10000", str(image))
        assert done.returncode != 0
        assert "MD5 of file does not match" in done.stdout + done.stderr


def test_noise_and_silence_fail_a_command(tmp_path: Path) -> None:
    with BoardDouble(tmp_path) as board:
        board.faults.garbage_before_answers = 2
        assert esptool(board, "flash-id").returncode == 0, "the first SYNCs are lost, later ones are not"
        board.faults.silent_answers = 3
        assert esptool(board, "flash-id").returncode == 0


def test_an_adapter_out_of_its_depth(tmp_path: Path) -> None:
    with BoardDouble(tmp_path) as board:
        board.faults.good_baud = 230400
        assert esptool(board, "--baud", "460800", "flash-id").returncode != 0
        assert esptool(board, "--baud", "230400", "flash-id").returncode == 0


def test_unplugged_while_writing_esptool_goes_on_when_it_is_back(tmp_path: Path, image: Path) -> None:
    with BoardDouble(tmp_path) as board:
        board.faults.unplug_after_bytes = 50_000

        def plug_in_again() -> None:
            while Path(board.port).is_symlink():
                time.sleep(0.02)
            board.plug()

        helper = threading.Thread(target=plug_in_again)
        helper.start()
        done = esptool(board, "write-flash", "0x10000", str(image))
        helper.join()
        assert "Lost connection" in done.stdout
        assert "Hash of data verified" in done.stdout


def test_a_port_held_by_another_program_is_busy(tmp_path: Path) -> None:
    with BoardDouble(tmp_path) as board:
        held = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(held, fcntl.LOCK_EX)
        done = esptool(board, "--connect-attempts", "1", "flash-id")
        os.close(held)
        assert "busy" in done.stdout + done.stderr


def mpremote(board: BoardDouble, *arguments: str) -> str:
    """Run mpremote's own command line on the board; what it printed."""
    command = [sys.executable, "-m", "mpremote", "connect", board.port, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_mpremote_at_the_prompt_of_a_running_board(tmp_path: Path) -> None:
    with BoardDouble(tmp_path, running=plain_micropython()) as board:
        assert mpremote(board, "eval", "'x' * 3") == "xxx\n"
        assert "ZeroDivisionError" in mpremote(board, "exec", "1 / 0")
        long = "total = 0\n" + "total += 1\n" * 200 + "print(total)"
        assert mpremote(board, "exec", long) == "200\n"
        assert mpremote(board, "exec", "kept = 1", "resume", "eval", "kept") == "1\n"
        assert "NameError" in mpremote(board, "exec", "kept = 1", "soft-reset", "eval", "kept")


def test_esptool_interrupts_what_runs_and_a_reset_starts_it_again(tmp_path: Path) -> None:
    with BoardDouble(tmp_path, running=plain_micropython()) as board:
        assert mpremote(board, "eval", "1") == "1\n"
        assert esptool(board, "chip-id").returncode == 0
        assert board.in_loader
        board.reset()
        assert mpremote(board, "eval", "2") == "2\n"
