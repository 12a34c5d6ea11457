"""`cheyou flash`: what is written, what is left alone, and what is refused in words."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import partition_table
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash import ports, target
from host_tools.flash.adapters import AdapterMemory
from host_tools.stand.centre_process import CHEYOU
from tests.flash import stock
from tests.flash.conftest import DEVKIT
from tests.rom_double import BoardDouble

Bench = Callable[..., BoardDouble]
Run = Callable[..., tuple[int, str, str]]


def esptool(*arguments: str) -> str:
    command = [sys.executable, "-m", "esptool", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def refused(result: tuple[int, str, str], what: str, next_step: str) -> None:
    """A failure is exit code 1, and one line on stderr that says what and what next."""
    code, _, err = result
    last = err.strip().splitlines()[-1]
    assert code == 1, result
    assert last.startswith("cheyou: "), last
    assert what in last and "; " in last and next_step in last, last


def in_place(board: BoardDouble, image: Path) -> bool:
    """Whether every part of the image is on the board."""
    return all(board.flash.read(part.offset, len(part.data)) == part.data for part in target.from_file(image).parts)


def test_esptool_accepts_what_we_build(bench: Bench, image: Path, devkit: Board, tmp_path: Path, run: Run) -> None:
    whole = image.read_bytes()
    for name, start, end in (("bootloader", 0x1000, 0x8000), ("application", 0x10000, devkit.partition("factory").end)):
        part = tmp_path / f"{name}.bin"
        part.write_bytes(whole[start:end])
        said = esptool("--chip", "esp32", "image-info", str(part))
        assert "Checksum: 0x" in said and "(valid)" in said, said
        assert "Validation hash:" in said and said.count("(valid)") == 2, said
    board = bench()
    assert run("flash", "--image", image)[0] == 0
    said = esptool("--port", board.port, "verify-flash", "0x0", str(image))
    assert "digest matched" in said, said


def test_a_blank_board_gets_the_image_and_starts(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    board = bench()
    code, out, err = run("flash", "--image", image, "--json")
    (outcome,) = json.loads(out)
    assert code == 0, err
    assert (outcome["state"], outcome["mac"], outcome["rate"]) == ("written", board.mac, 460800)
    assert in_place(board, image)
    assert not board.in_loader


def test_a_second_time_there_is_nothing_to_write(bench: Bench, image: Path, run: Run) -> None:
    board = bench()
    run("flash", "--image", image)
    before = board.flash.operations.copy()
    code, out, _ = run("flash", "--port", board.port, "--image", image, "--json")
    assert code == 0
    assert json.loads(out)[0]["bytes_written"] == 0
    assert board.flash.operations == before


def test_what_the_terminal_owns_is_never_touched(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    board = bench(image=image.read_bytes())
    own = ("nvs", "journal", "refusals", "list_a", "list_b")
    for label in own:
        board.flash.program(devkit.partition(label).offset + 100, b"of this terminal")
    board.flash.erase(devkit.partition("factory").offset + 0x20000)  # something to repair
    code, out, _ = run("flash", "--image", image, "--json")
    (outcome,) = json.loads(out)
    assert code == 0
    assert outcome["bytes_written"] == 0x10000, "the one chunk that differs"
    assert sorted(outcome["kept"]) == sorted(own)
    assert in_place(board, image)
    for label in own:
        assert board.flash.read(devkit.partition(label).offset + 100, 16) == b"of this terminal"


def test_told_by_name_it_erases_a_partition(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    board = bench(image=image.read_bytes())
    for label in ("journal", "list_a"):
        board.flash.program(devkit.partition(label).offset, b"x")
    assert run("flash", "--image", image, "--erase", "list_a")[0] == 0
    assert board.flash.read(devkit.partition("list_a").offset, 1) == b"\xff"
    assert board.flash.read(devkit.partition("journal").offset, 1) == b"x"


def test_a_strangers_flash_is_cleared_where_ours_will_be(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    board = bench(image=b"\x5a" * 0x400000)
    assert run("flash", "--image", image)[0] == 0
    assert in_place(board, image)
    for label in ("nvs", "journal", "refusals", "list_a", "list_b"):
        partition = devkit.partition(label)
        assert set(board.flash.read(partition.offset, partition.size)) == {0xFF}, label


def test_records_under_another_table_are_not_lost_unseen(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    moved = bytearray(image.read_bytes())
    others = [p for p in devkit.partitions if p.label not in ("journal", "refusals")]
    others.append(dataclasses.replace(devkit.partition("journal"), offset=0x2D0000, size=0x98000))
    others = [p for p in others if p.label != "list_a"]
    moved[0x8000:0x8C00] = partition_table.encode(others)
    moved[0x2D0000:0x2D0006] = b"record"
    board = bench(image=bytes(moved))
    refused(run("flash", "--image", image), "keeps its journal elsewhere", "cheyou rescue")
    assert board.flash.read(0x2D0000, 6) == b"record"
    assert run("flash", "--image", image, "--erase", "journal")[0] == 0


def test_unplugged_half_way_it_is_gone_on_with(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    board = bench()
    board.faults.unplug_after_bytes = 400_000
    refused(run("flash", "--image", image), "was unplugged", "plug it in again")
    board.plug()
    code, out, _ = run("flash", "--image", image, "--json")
    assert code == 0
    total = sum(len(part.data) for part in target.from_file(image).parts)
    assert json.loads(out)[0]["bytes_written"] < total - 300_000
    assert in_place(board, image)


def test_eight_at_once_and_none_waits_for_another(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    doubles = [bench(n, chip="esp32s3" if n == 3 else "esp32", flash_bytes=0x200000 if n == 4 else 0x400000) for n in range(8)]
    doubles[5].faults.unplug_after_bytes = 300_000

    def plug_in_again() -> None:
        while Path(doubles[5].port).is_symlink():
            time.sleep(0.05)
        time.sleep(0.5)
        doubles[5].plug()

    helper = threading.Thread(target=plug_in_again)
    helper.start()
    code, out, err = run("flash", "--all", "--image", image, "--json")
    helper.join()
    outcomes = {Path(outcome["port"]).name: outcome for outcome in json.loads(out)}
    assert code == 1, "two of them were refused"
    assert [outcomes[f"ttyBENCH{n}"]["state"] for n in range(8)] == ["written"] * 3 + ["failed"] * 2 + ["written"] * 3, err
    assert "another chip: esp32s3" in outcomes["ttyBENCH3"]["message"]
    assert "2 MB of flash" in outcomes["ttyBENCH4"]["message"]
    assert "ttyBENCH5: the board" in err and "was unplugged" in err
    for n in (0, 1, 2, 5, 6, 7):
        assert in_place(doubles[n], image), n
    for n in (3, 4):
        assert set(doubles[n].flash.image()) == {0xFF}, "left as it was"


def test_boards_plugged_in_later_are_taken_on(bench: Bench, image: Path) -> None:
    first = bench(0)
    command = [*CHEYOU, "flash", "--all", "--watch", "--image", str(image), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as watching:
        second = None
        end = time.monotonic() + 60
        while time.monotonic() < end and not (second and not second.in_loader and in_place(second, image)):
            if second is None and not first.in_loader and in_place(first, image):
                second = bench(1)
            time.sleep(0.1)
        watching.send_signal(signal.SIGINT)
        out, _ = watching.communicate(timeout=30)
    assert watching.returncode == 0
    assert [outcome["state"] for outcome in json.loads(out)] == ["written", "written"]


def test_a_bad_adapter_is_remembered(bench: Bench, image: Path, run: Run, tmp_path: Path) -> None:
    board = bench()
    board.faults.good_baud = 230_400
    code, out, _ = run("flash", "--image", image, "--json")
    assert code == 0
    assert json.loads(out)[0]["rate"] == 230_400
    assert AdapterMemory(tmp_path / "bench" / "adapters.json").rates(board.port) == (230_400, 115_200)


def test_a_write_that_does_not_verify_is_told_and_can_be_repeated(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    board = bench()
    board.faults.corrupt_flash_writes = 3
    refused(run("flash", "--image", image, "--baud", "115200"), "could not write", "run the same command again")
    board.faults.corrupt_flash_writes = 0
    assert run("flash", "--image", image)[0] == 0
    assert in_place(board, image)


def test_noise_and_refused_blocks_are_lived_with(bench: Bench, image: Path, devkit: Board, run: Run) -> None:
    board = bench()
    board.faults.refuse_blocks = 2
    board.faults.garbage_before_answers = 1
    assert run("flash", "--image", image)[0] == 0
    assert in_place(board, image)


def test_no_port_busy_port_no_permission_no_board(bench: Bench, image: Path, run: Run, tmp_path: Path) -> None:
    refused(run("flash", "--image", image), "no board is plugged in", "plug one in")
    refused(run("flash", "--image", image, "--port", "/dev/ttyNONE9"), "there is no port /dev/ttyNONE9", "cheyou ports")
    board = bench()
    held = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(held, fcntl.LOCK_EX)
    refused(run("flash", "--image", image), "in use by another program", "close it there")
    os.close(held)
    device = Path(board.port).resolve()
    with _not_root(device), pytest.raises(CheYouError, match=r"no permission to open .*; join the group .*dialout"):
        ports.opened(str(device))
    assert set(board.flash.image()) == {0xFF}
    board.faults.silent_answers = 10_000
    refused(run("flash", "--image", image), "no ESP32 answers", "hold the board's BOOT key")


class _not_root:  # noqa: N801 - reads as a condition
    """While it lasts, the port is another user's and we are nobody special."""

    def __init__(self, port: Path) -> None:
        self._port = port

    def __enter__(self) -> None:
        self._port.chmod(0)
        if os.geteuid() == 0:
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        if os.getuid() == 0:
            os.seteuid(0)
        self._port.chmod(0o620)


def test_the_wrong_image_and_the_wrong_words(bench: Bench, image: Path, run: Run, tmp_path: Path) -> None:
    bench()
    s3 = tmp_path / "s3.bin"
    s3.write_bytes(stock.firmware(200_000, stock.ESP32S3))
    refused(run("flash", "--board", DEVKIT, "--firmware", s3), "another chip", "")
    short = tmp_path / "short.bin"
    short.write_bytes(image.read_bytes()[:-4096])
    refused(run("flash", "--image", short), "fits none", "cheyou build")
    noise = tmp_path / "noise.bin"
    noise.write_bytes(b"noise")
    refused(run("flash", "--image", noise), "no flash image of ours", "cheyou build")
    refused(run("flash", "--image", tmp_path / "none.bin"), "No such file", "cheyou build")
    code, _, err = run("flash")
    assert code == 2 and "--board, --image" in err
    bench(1)
    refused(run("flash", "--image", image), "several boards are plugged in", "--port")
    refused(run("flash", "--image", image, "--all", "--provision", tmp_path / "none.csv"), "No such file", "CSV")


def test_an_image_without_micropython_is_for_boards_that_have_it(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path
) -> None:
    board = bench()
    refused(run("flash", "--board", DEVKIT), "has no MicroPython of ours", "--firmware")
    assert set(board.flash.image()) == {0xFF}
    assert run("flash", "--image", image)[0] == 0
    code, out, _ = run("flash", "--board", DEVKIT, "--json")
    assert code == 0
    assert json.loads(out)[0]["bytes_written"] <= 0x6C000, "MicroPython stays"


@pytest.mark.parametrize("command", ["ports", "ports --probe"])
def test_ports_are_listed(bench: Bench, image: Path, run: Run, command: str) -> None:
    bench(0, image=image.read_bytes())
    bench(1, chip="esp32s3")
    code, out, _ = run(*command.split(), "--json")
    first, second = json.loads(out)
    assert code == 0
    assert (first["state"], second["state"]) == ("free", "free")
    if "--probe" in command:
        assert (first["chip"], first["board"], first["terminal"], second["chip"]) == ("esp32", DEVKIT, None, "esp32s3")
        assert (first["mac"], first["flash_mb"]) == ("24:6f:28:00:00:00", 4)
