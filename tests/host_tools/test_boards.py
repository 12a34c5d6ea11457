"""Board files: every one in the repository is good, and each rule catches its fault at the right line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nor_flash import NorFlash
from nor_flash import Partition as NorPartition

from firmware.terminal.journal import Journal
from host_tools import board_rules, boards, cli
from host_tools.errors import CheYouError
from host_tools.toml_lines import line_of
from protocol.record import Sealer

GOOD = (boards.FOLDER / "esp32-devkit-4mb.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", boards.names())
def test_every_board_is_good_and_has_no_warning(name: str) -> None:
    board = boards.load(name)
    assert board.name == name
    assert board.warnings == ()


@pytest.mark.parametrize("name", boards.names())
def test_the_table_fills_the_flash_without_a_gap(name: str) -> None:
    board = boards.load(name)
    ends = [partition.end for partition in board.partitions]
    assert [partition.offset for partition in board.partitions[1:]] == ends[:-1]
    assert ends[-1] == board.flash_bytes


def test_device_constants_are_what_the_start_reads() -> None:
    """Every name that what builds the terminal takes from `board`, but for the two the build adds."""
    constants = boards.load("esp32-devkit-4mb").device_constants()
    start = "".join((boards.ROOT / "firmware" / name).read_text(encoding="utf-8") for name in ("main.py", "peripherals.py"))
    assert set(re.findall(r"\bboard\.([A-Z_0-9]+)", start)) == {*constants, "VERSION", "BUILT"}
    assert constants["LCD_PINS"] == (19, 23, 18, 17, 16, 4)
    assert constants["KEYPAD_LAYOUT"] == ("123A", "456B", "789C", "*0#D")


def test_the_journal_rule_counts_as_the_journal_does() -> None:
    """The rule's arithmetic is the firmware's own, so that a board that passes holds what its budget promises."""
    partition = boards.load("esp32-devkit-4mb").partition("journal")
    sectors = partition.size // board_rules.SECTOR
    journal = Journal(NorPartition(NorFlash(sectors)), Sealer(bytes(32)), lambda above: above + 1)
    assert journal.capacity == (sectors - board_rules.SPARE_SECTORS) * board_rules.SLOTS_A_SECTOR >= 10_000


def broken(tmp_path: Path, old: str, new: str, good: str = GOOD, name: str = "esp32-devkit-4mb") -> str:
    """The error for the good board with one text replaced, without the folder in front."""
    assert old in good
    path = tmp_path / f"{name}.toml"
    path.write_text(good.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CheYouError) as caught:
        boards.read(path)
    return str(caught.value).removeprefix(f"{tmp_path}/")


def line(text: str) -> int:
    """The line of the good file that holds `text`."""
    return next(number for number, row in enumerate(GOOD.splitlines(), 1) if text in row)


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        ("green = 33", "green = 21", "sda = 21", "pin 21 is used by leds.green and clock.sda"),
        ("green = 33", "green = 34", "keypad", "pin 34 is used by keypad.columns and leds.green"),
        ("rs = 19", "rs = 36", "rs = 19", "pin 36 of display.rs is input-only"),
        ("rs = 19", "rs = 6", "rs = 19", "pin 6 of display.rs belongs to the flash chip"),
        ("rs = 19", "rs = 3", "rs = 19", "pin 3 of display.rs is the serial console"),
        ("rs = 19", "rs = 24", "rs = 19", "pin 24 of display.rs is not brought out"),
        ("rs = 19", "rs = 12", "rs = 19", "pin 12 of display.rs must be low at reset"),
        ("rs = 19", "rs = 0", "rs = 19", "pin 0 of display.rs must be high at reset"),
        ("rs = 19", "rs = 40", "rs = 19", "display.rs: 40 is greater than the maximum of 39"),
        ("backlight = 5", "", '5 = "lights', "pin 5 is not used"),
        ('pull_ups = "external"', 'pull_ups = "internal"', "columns = [", "have no internal pull-ups"),
        ('"123A"', '"123"', "layout", "row 1 of keypad.layout has 3 keys, the matrix 4 columns"),
        ('"123A"', '"124A"', "layout", "keypad.layout has 4 twice"),
        ('"*0#D"', '"*0CD"', "layout", "keypad.layout has C twice"),
        ("size = 0xa0000", "size = 0xa1000", "offset = 0x2cc000", "refusals starts at 0x2cc000, inside journal"),
        ("size = 0xa0000", "size = 0x9f123", "size = 0xa0000", "journal has 0x9f123 bytes, not a multiple of 0x1000"),
        ("size = 0xa0000", "size = 0x90000", "size = 0xa0000", "the journal holds 9009 records, the budget asks for 10000"),
        ("offset = 0x1c0000", "offset = 0x1c0100", "offset = 0x1c0000", "vfs starts at 0x1c0100, not on a 0x1000 boundary"),
        ("offset = 0x10000", "offset = 0x11000", "offset = 0x10000", "factory starts at 0x11000, not on a 0x10000 boundary"),
        ("offset = 0x9000", "offset = 0x8000", "offset = 0x9000", "nvs starts at 0x8000, inside bootloader or partition table"),
        ('label = "list_b"', 'label = "list_a"', 'label = "list_b"', "two partitions are labelled list_a"),
        ('label = "list_b"', 'label = "spare"', "[[partition]]", "there is no partition list_b"),
        ('subtype = "fat"', 'subtype = "nvs"', "[[partition]]", "vfs must be of type data fat"),
        ("idle_free_bytes = 0x4000", "idle_free_bytes = 0x18000", "idle_free", "idle_free_bytes is not less than heap_bytes"),
        ("flash_bytes = 0x400000", "flash_bytes = 0x300000", "flash_bytes", "flash_bytes: 3145728 is not one of"),
        ("chip = ", "chips = ", "chip = ", "chips: Additional properties are not allowed"),
        ('chip = "esp32"\n', "", "# ESP32 DevKit with", "'chip' is a required property"),
        ('name = "esp32-devkit-4mb"', 'name = "other"', "name = ", "name is not the file's"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_line_and_rule(tmp_path: Path, old: str, new: str, at: str, what: str) -> None:
    said = broken(tmp_path, old, new)
    assert what in said
    assert said.startswith("esp32-devkit-4mb.toml:")
    number = int(said.split(":")[1])
    # A fault of a whole table is put at its header; the tests name those by [[partition]] or the section.
    if at.startswith("[["):
        assert GOOD.splitlines()[number - 1] == at
    elif at == "keypad":
        assert number == line("green = 33")
    else:
        assert number == line(at)
    assert "; " in said


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        ("rows = [4, 5, 14, 15]", "rows = [4, 5, 14, 21]", "rows = [", "pin 21 is used by ethernet.TX_EN and keypad.rows"),
        ("green = 12", "green = 23", "green = 23", "pin 23 is used by ethernet.mdc and leds.green"),
        ("mdc = 23", "mdc = 34", "mdc = 34", "pin 34 of ethernet.mdc is input-only"),
        ("ref_clk = 0", "ref_clk = 17", "ref_clk", "ethernet.ref_clk: 17 is not one of [0]"),
        ('0 = "the PHY', '# 0 = "the PHY', "ref_clk = 0", "pin 0 of ethernet.ref_clk must be high at reset"),
        ('12 = "an LED', '# 12 = "an LED', "green = 12", "pin 12 of leds.green must be low at reset"),
        ('network = "ethernet"', 'network = "wifi"', "network", "the table [ethernet] goes with network"),
        ("expander = 0x27", "expander = 0x10", "expander", "display.expander: 16 is less than the minimum of 32"),
        ("expander = 0x27", "", "[display]", "display: "),
        ("expander = 0x27", "expander = 0x27\nbacklight = 13", "expander = 0x27", "its light hangs on the expander too"),
        ('layout = ["123", ', 'layout = ["12A", ', "layout", "keypad.layout lacks 3"),
    ],
)  # fmt: skip
def test_what_a_wired_board_has_to_mind(tmp_path: Path, old: str, new: str, at: str, what: str) -> None:
    name = "wt32-eth01-4mb"
    good = (boards.FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    said = broken(tmp_path, old, new, good, name)
    assert what in said
    lines = good.replace(old, new, 1).splitlines()
    assert lines[int(said.split(":")[1]) - 1].startswith(at), said


def test_past_the_end_of_the_flash(tmp_path: Path) -> None:
    said = broken(tmp_path, "offset = 0x368000\nsize = 0x98000", "offset = 0x368000\nsize = 0x99000")
    assert f":{len(GOOD.splitlines())}: list_b ends at 0x401000, past the flash's 0x400000" in said


def test_broken_toml_says_where(tmp_path: Path) -> None:
    assert f"(at line {line('rs = 19')}," in broken(tmp_path, "rs = 19", "rs = ")


def test_a_harmless_strapping_pin_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "esp32-devkit-4mb.toml"
    path.write_text(GOOD.replace("green = 33", "green = 2"), encoding="utf-8")
    (warning,) = boards.read(path).warnings
    assert f":{line('green = 33')}: pin 2 of leds.green must be low or open for downloads to work; use another pin" in warning


def test_no_such_board_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheYouError, match=r"choose one of: .*esp32-devkit-4mb"):
        boards.load("esp33")
    with pytest.raises(CheYouError, match="has no partition nonsense"):
        boards.load("esp32-devkit-4mb").partition("nonsense")
    assert cli.run(["boards", "--json"]) == 0
    assert '"board": "esp32-devkit-4mb"' in capsys.readouterr().out


def test_lines_of_values() -> None:
    text = 'a = 1\n\n[b]\nc = 2\n\n[[d]]\ne = 3\n[[d]]\ne = 4\n[b.f]\ng = "[x]"\n'
    assert line_of(text, ["a"]) == 1
    assert line_of(text, ["b", "c"]) == 4
    assert line_of(text, ["d", 0, "e"]) == 7
    assert line_of(text, ["d", 1, "e"]) == 9
    assert line_of(text, ["d", 1, "missing"]) == 8
    assert line_of(text, ["b", "f", "g"]) == 11
    assert line_of(text, ["b", "c", 3]) == 4
    assert line_of(text, ["nothing"]) == 1
