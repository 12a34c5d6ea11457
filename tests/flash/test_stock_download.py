"""Stock firmware: downloaded once, checked before it is kept, and pinned in the board's file."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from host_tools import boards, stock_download, stock_firmware
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.stand.centre_process import CentreProcess
from tests.flash import stock
from tests.flash.conftest import DEVKIT
from tests.flash.test_flash import Bench, Run, esptool, in_place, refused
from tests.flash.test_in_service import batch, centre, states

__all__ = ["centre"]  # a fixture


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served where stock firmware is looked for."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("CHEYOU_FIRMWARE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("CHEYOU_BENCH", str(tmp_path / "bench"))
    yield folder
    server.shutdown()
    server.server_close()


def test_it_is_downloaded_once(mirror: Path, devkit: Board, firmware: Path, run: Run, tmp_path: Path) -> None:
    output = tmp_path / "image.bin"
    refused(run("build", "--board", DEVKIT, "--download"), "cannot be downloaded (the server says 404)", "--firmware FILE")
    shutil.copy(firmware, mirror / devkit.micropython.file)
    code, _, err = run("build", "--board", DEVKIT, "--download", "-o", output)
    assert code == 0, err
    first = output.read_bytes()
    (mirror / devkit.micropython.file).unlink()
    assert run("build", "--board", DEVKIT, "--download", "-o", output)[0] == 0
    assert run("build", "--board", DEVKIT, "--firmware", firmware, "-o", output)[0] == 0
    assert output.read_bytes() == first, "the same input gives the same bytes"


def test_what_is_no_firmware_is_not_kept(mirror: Path, devkit: Board, run: Run, tmp_path: Path) -> None:
    (mirror / devkit.micropython.file).write_text("<html>Please log in</html>")
    refused(run("build", "--board", DEVKIT, "--download"), "holds no ESP32 bootloader", "MicroPython download page")
    assert not (tmp_path / "bench" / "firmware" / devkit.micropython.file).exists()


def test_no_network_is_one_line(bench: Bench, run: Run) -> None:
    refused(run("build", "--board", DEVKIT, "--download"), "cannot be downloaded (no way there)", "--firmware FILE")


def test_a_blank_board_gets_the_downloaded_one(
    bench: Bench, mirror: Path, devkit: Board, image: Path, firmware: Path, run: Run
) -> None:
    board = bench()
    shutil.copy(firmware, mirror / devkit.micropython.file)
    assert run("flash", "--board", DEVKIT)[0] == 0
    assert in_place(board, image)


def test_pinned_no_other_file_is_accepted(tmp_path: Path, devkit: Board, firmware: Path) -> None:
    shutil.copy(boards.FOLDER / f"{DEVKIT}.toml", tmp_path)
    digest = stock_download.pin(devkit, firmware, tmp_path)
    pinned = boards.load(DEVKIT, tmp_path)
    assert pinned.micropython.sha256 == digest == stock_firmware.read(firmware, devkit).sha256
    other = tmp_path / "other.bin"
    other.write_bytes(stock.firmware(500_000))
    with pytest.raises(CheYouError, match="is not the one pinned for"):
        stock_download.pin(pinned, other, tmp_path)
    stock_download.pin(pinned, firmware, tmp_path)
    assert (tmp_path / f"{DEVKIT}.toml").read_text().count("sha256 =") == 1


def test_the_bootloader_is_told_the_size_of_the_flash(devkit: Board, firmware: Path, run: Run, tmp_path: Path) -> None:
    larger = dataclasses.replace(devkit, flash_bytes=0x800000)
    part = tmp_path / "bootloader.bin"
    part.write_bytes(stock_firmware.read(firmware, larger).bootloader)
    said = esptool("--chip", "esp32", "image-info", str(part))
    assert "Flash size: 8MB" in said and said.count("(valid)") == 2, said
    smaller = dataclasses.replace(devkit, flash_bytes=0x200000)
    with pytest.raises(CheYouError, match="is for 4 MB of flash"):
        stock_firmware.read(firmware, smaller)


def test_the_batch_names_the_board(
    bench: Bench, mirror: Path, devkit: Board, image: Path, firmware: Path, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    doubles = [bench(n) for n in range(2)]
    shutil.copy(firmware, mirror / devkit.micropython.file)
    rows = batch(tmp_path / "boards.csv", centre, ["", ""])
    header, *lines = rows.read_text().splitlines()
    rows.write_text("\n".join([f"{header},board", *(f"{line},{DEVKIT}" for line in lines)]) + "\n")
    run("provision", "--new-authority")
    code, out, err = run("flash", "--all", "--provision", rows, "--no-selftest", "--json")
    assert code == 0, err
    assert {outcome["terminal"] for outcome in json.loads(out)} == {"T-00", "T-01"}
    assert all(in_place(double, image) for double in doubles)
    assert states(centre) == {"T-00": "pending", "T-01": "pending"}
    assert f"has not passed its model test here; run `cheyou qualify --board {DEVKIT}`" in err
