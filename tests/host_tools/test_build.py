"""The flash image: table, file system as MicroPython sees it, stock firmware, and the same bytes every time."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from host_tools import app_image, boards, cli, partition_table, stock_firmware, toolchain
from host_tools.board_rules import SECTOR
from host_tools.build import build_image
from host_tools.device_modules import Module
from host_tools.errors import CheYouError
from host_tools.flash_image import FlashImage

BOARD = boards.load("esp32-devkit-4mb")


@pytest.fixture(scope="module")
def image() -> FlashImage:
    return build_image(BOARD)


def stock(application: int = 1000, chip: int = 0, version: str = "1.26.1") -> bytes:
    """A file shaped like a stock firmware; it imitates headers, sizes and the version text, and does not run."""
    header = bytes([0xE9]) + bytes(11) + chip.to_bytes(2, "little") + bytes(10)
    bootloader = (header + b"boot").ljust(0xF000, b"\xff")
    return bootloader + (header + f"MicroPython v{version} on 2025-09-11".encode()).ljust(application, b"\x55")


def test_the_image_is_the_whole_flash_and_reproducible(image: FlashImage) -> None:
    assert len(image.data) == BOARD.flash_bytes
    assert [region.name for region in image.regions] == ["partition-table", "vfs"]
    assert build_image(BOARD).sha256 == image.sha256


def test_raw_partitions_are_erased(image: FlashImage) -> None:
    for label in ("nvs", "journal", "refusals", "list_a", "list_b", "factory"):
        assert set(image.region(label)) == {0xFF}, label


def test_the_table_reads_back_and_a_flipped_bit_is_found(image: FlashImage) -> None:
    table = image.region("partition-table")
    assert partition_table.decode(table) == list(BOARD.partitions)
    assert table[:4] == bytes([0xAA, 0x50, 0x01, 0x02])  # nvs: a data partition of subtype 2 (ESP-IDF)
    assert bytes(table[8 * 32 : 8 * 32 + 16]) == b"\xeb\xeb" + b"\xff" * 14
    for at in (5, 8 * 32 + 20):
        with pytest.raises(CheYouError, match="no sound partition table"):
            partition_table.decode(table[:at] + bytes([table[at] ^ 1]) + table[at + 1 :])
    with pytest.raises(CheYouError, match="no sound partition table"):
        partition_table.decode(b"\xff" * 0xC00)


LIST_AND_IMPORT = """
import os, sys, vfs
class Disk:
    def __init__(self, data):
        self.data = data
    def readblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        buf[:] = self.data[start : start + len(buf)]
    def writeblocks(self, block, buf, offset=0):
        raise OSError(30)
    def ioctl(self, op, arg):
        return len(self.data) // 4096 if op == 4 else 4096 if op == 5 else 0
with open(sys.argv[1], "rb") as file:
    disk = Disk(memoryview(file.read()))
vfs.mount(vfs.VfsLfs2(disk), "/")
os.chdir("/")
del sys.path[:]
exec(open("/boot.py").read())
def walk(folder):
    for name, kind, *rest in os.ilistdir(folder):
        path = folder + ("" if folder == "/" else "/") + name
        print(path)
        if kind == 0x4000:
            walk(path)
walk("/")
import board
print("board", board.NAME, board.KEYPAD_LAYOUT, board.BUILT)
print("path", sys.path)
"""


@pytest.mark.parametrize("bits", [32, 64])
def test_micropython_mounts_the_application(image: FlashImage, tmp_path: Path, bits: int) -> None:
    (tmp_path / "vfs.bin").write_bytes(image.region("vfs"))
    (tmp_path / "look.py").write_text(LIST_AND_IMPORT)
    done = subprocess.run(
        [toolchain.micropython(bits), "-X", "heapsize=4M", tmp_path / "look.py", tmp_path / "vfs.bin"],
        env={**os.environ, "MICROPYPATH": ".frozen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    for path in ("/boot.py", "/main.py", "/a", "/b", "/settings", "/a/firmware_main.mpy", "/a/texts"):
        assert path in lines
    assert "/a/resident.mpy" in lines
    assert not [line for line in lines if line.startswith("/a/") and line.endswith(".py")]
    assert f"board esp32-devkit-4mb {BOARD.keypad.layout} 1795305600" in lines
    assert "path ['/a']" in lines


def test_no_source_path_is_embedded(image: FlashImage) -> None:
    assert str(toolchain.ROOT).encode() not in image.data
    assert b"/tmp/" not in image.data


def test_small_files_survive_the_small_cache_of_the_device(tmp_path: Path) -> None:
    """A file that a larger cache would keep inside its directory must be read whole by a mount with 128 bytes."""
    files = {f"{size}.bin": bytes(range(256)) * 8 for size in (100, 128, 129, 500, 1023)}
    files = {name: content[: int(name.split(".")[0])] for name, content in files.items()}
    data, used = app_image.pack(files, (), 0x10000)
    assert len(data) == 0x10000
    assert used <= 2 + 3
    (tmp_path / "vfs.bin").write_bytes(data)
    script = LIST_AND_IMPORT[: LIST_AND_IMPORT.index("del sys.path")]
    script += "print([len(open(n, 'rb').read()) for n in ('100.bin', '128.bin', '129.bin', '500.bin', '1023.bin')])\n"
    (tmp_path / "look.py").write_text(script)
    command = [toolchain.micropython(64), tmp_path / "look.py", tmp_path / "vfs.bin"]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == "[100, 128, 129, 500, 1023]\n"


def test_a_module_that_does_not_compile_is_named() -> None:
    with pytest.raises(CheYouError, match=r"drivers/x\.py does not compile.*line 2"):
        app_image.compile_modules([Module("drivers/x", b"a = 1\ndef (\n")])


def test_an_application_too_large_is_refused() -> None:
    with pytest.raises(CheYouError, match="does not fit its 65,536-byte partition"):
        app_image.pack({"large": bytes(100_000)}, (), 0x10000)


def test_stock_firmware_is_laid_beside_our_table(tmp_path: Path) -> None:
    file = tmp_path / "stock.bin"
    file.write_bytes(stock())
    image = build_image(BOARD, file)
    assert [region.name for region in image.regions] == ["bootloader", "partition-table", "factory", "vfs"]
    assert image.region("bootloader").startswith(b"\xe9")
    assert image.data[0x10000:0x10001] == b"\xe9"
    assert partition_table.decode(image.region("partition-table")) == list(BOARD.partitions)
    assert image.data[0x9000:0x10000] == b"\xff" * 0x7000  # what the file has there must not wipe an identity


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (stock(chip=9), r"another chip \(id 9\) than esp32"),
        (stock(version="1.25.0"), r"is not MicroPython v1\.26\.1"),
        (stock(application=0x1B0001), "needs 1,769,473 bytes, the factory partition has 1,769,472"),
        (b"\x7fELF" + bytes(100), "holds no ESP32 bootloader"),
        (stock()[:0xF000], "holds no ESP32 application"),
        (b"", "holds no ESP32 bootloader"),
    ],
)  # fmt: skip
def test_a_wrong_firmware_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "stock.bin"
    file.write_bytes(content)
    with pytest.raises(CheYouError, match=said):
        stock_firmware.read(file, BOARD)


def test_a_pinned_digest_is_the_only_one_accepted(tmp_path: Path) -> None:
    file = tmp_path / "stock.bin"
    file.write_bytes(stock())
    digest = stock_firmware.read(file, BOARD).sha256
    pinned = replace(BOARD, micropython=replace(BOARD.micropython, sha256=digest))
    assert stock_firmware.read(file, pinned).sha256 == digest
    file.write_bytes(stock() + b"x")
    with pytest.raises(CheYouError, match="not the one pinned"):
        stock_firmware.read(file, pinned)


def test_regions_cannot_overwrite_each_other_or_grow() -> None:
    image = FlashImage(BOARD)
    image.put("nvs", b"one")
    image.put("nvs", b"2")
    assert image.region("nvs")[:4] == b"2\xff\xff\xff"
    with pytest.raises(CheYouError, match="nvs needs 24,577 bytes, its region has 24,576"):
        image.put("nvs", bytes(0x6001))
    with pytest.raises(CheYouError, match="other would overwrite nvs"):
        image.put("other", b"x", 0x8000, 0x1001)
    assert image.regions[0].size == 6 * SECTOR


def test_the_command_writes_the_image_and_lists_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out" / "image.bin"
    assert cli.run(["build", "--board", BOARD.name, "-o", str(target), "--json"]) == 0
    out, err = capsys.readouterr()
    assert target.stat().st_size == BOARD.flash_bytes
    assert [row["region"] for row in json.loads(out)] == ["partition-table", "vfs"]
    assert "note: without MicroPython" in err
    assert cli.run(["build", "--board", BOARD.name, "--firmware", str(tmp_path / "none.bin")]) == 1
    assert "No such file or directory; take ESP32_GENERIC-20250911-v1.26.1.bin" in capsys.readouterr().err
