"""What `cheyou flash` costs over esptool alone, and how quickly an image is built.

Both write the same parts to the same double of a board, which takes the time a board takes: 10 bits a byte on the line at
460,800 baud, and the flash times of the W25Q32's data sheet. Each starts from a blank board and ends with verified bytes. The
double runs in a process of its own, so that neither waits for the other's interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from host_tools import boards
from host_tools.bench_file import Figures, figure
from host_tools.build import build_image
from host_tools.errors import CheYouError
from host_tools.flash import target
from host_tools.toolchain import ROOT

BOARD = "esp32-devkit-4mb"
_RATE = "460800"
_CHEYOU = [sys.executable, "-c", "from host_tools.cli import main; main()"]
_BUILDS = 3


def run() -> Figures:
    """`image_build_s` and `flash_overhead_ratio`, and the times the ratio is made of."""
    board = boards.load(BOARD)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        firmware = _stock_firmware(folder)
        times = []
        for _ in range(_BUILDS):
            began = time.monotonic()
            built = build_image(board, firmware)
            times.append(time.monotonic() - began)
        image = folder / "image.bin"
        built.write(image)
        alone = _timed(folder / "alone", lambda port: _esptool(port, image, folder))
        ours = _timed(folder / "ours", lambda port: _cheyou(port, image, folder))
        again = _timed(folder / "ours", lambda port: _cheyou(port, image, folder), keep=True)
    return {
        "image_build_s": figure(round(max(times), 2), "s"),
        "flash_overhead_ratio": figure(round(ours / alone, 3), "× esptool", 1),
        "flash_board_s": figure(round(ours, 1), "s", round(alone, 1)),
        "flash_nothing_to_write_s": figure(round(again, 1), "s", round(alone, 1)),
    }


def _stock_firmware(folder: Path) -> Path:
    """A file of a stock firmware's size that deflates as well; where the tests' one is there, that."""
    sys.path.insert(0, str(ROOT))
    try:
        from tests.flash.stock import firmware
    except ImportError:
        raise CheYouError("this measurement needs the project's tests", "run it in the project's own folder") from None
    path = folder / "firmware.bin"
    path.write_bytes(firmware(1_680_000))
    return path


def _esptool(port: str, image: Path, folder: Path) -> list[str]:
    """esptool alone: the same parts, in one command."""
    command = [sys.executable, "-m", "esptool", "--port", port, "--baud", _RATE, "write-flash"]
    for part in target.from_file(image).parts:
        path = folder / f"{part.name}.part"
        path.write_bytes(part.data)
        command += [f"{part.offset:#x}", str(path)]
    return command


def _cheyou(port: str, image: Path, folder: Path) -> list[str]:
    return [*_CHEYOU, "flash", "--port", port, "--image", str(image), "--bench", str(folder / "bench")]


def _timed(folder: Path, command: Callable[[str], list[str]], keep: bool = False) -> float:
    """How long a command takes on a fresh double (or, to `keep`, one with the flash of the last)."""
    with _double(folder, keep) as port:
        words = command(port)
        began = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, "CHEYOU_PORTS": port})
        seconds = time.monotonic() - began
        if done.returncode:
            raise CheYouError(f"the measurement failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}", "see above")
    return seconds


@contextmanager
def _double(folder: Path, keep: bool) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.rom_double", str(folder), "--paced", *(["--keep"] if keep else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise CheYouError("the double of a board does not start", "run `python -m tests.rom_double` and read what it says")
        yield str(json.loads(line)["port"])
    finally:
        process.communicate("\n")
