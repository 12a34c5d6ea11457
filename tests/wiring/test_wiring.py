"""The drawings in docs/boards are those of the boards' files: every pin at the right part, nothing over anything else."""

from __future__ import annotations

import dataclasses
import tomllib
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

from host_tools import boards, cli
from host_tools.boards import FOLDER
from host_tools.wiring import drawing, pages
from host_tools.wiring.connections import parts

SVG = "{http://www.w3.org/2000/svg}"


def test_what_is_committed_is_what_the_files_say() -> None:
    assert list(pages.differences()) == [], "run `cheyou boards --draw` and look at what has changed"


def wanted(name: str) -> list[tuple[str, str, int]]:
    """(part, pin, GPIO) by the board's own file, read here without the code that draws."""
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    display, keypad = data["display"], data["keypad"]
    bus = [(line.upper(), data["clock"][line]) for line in ("sda", "scl")]
    found = [("clock", pin, gpio) for pin, gpio in bus]
    if "expander" in display:
        found += [("display", pin, gpio) for pin, gpio in bus]
    else:
        found += [("display", pin.upper(), display[pin]) for pin in ("rs", "d4", "d5", "d6", "d7")]
        found += [("display", "E", display["en"])]
        if "backlight" in display:
            found += [("display", "K" if display["kind"] == "hd44780" else "BLK", display["backlight"])]
    found += [("keypad", " ".join(("row", *keys)), pin) for keys, pin in zip(keypad["layout"], keypad["rows"], strict=True)]
    columns = zip(zip(*keypad["layout"], strict=True), keypad["columns"], strict=True)
    found += [("keypad", " ".join(("column", *keys)), pin) for keys, pin in columns]
    found += [("lights", f"{colour} +", data["leds"][colour]) for colour in ("green", "red")]
    return [*found, ("buzzer", "+", data["buzzer"]["pin"])]


@pytest.mark.parametrize("name", boards.names())
def test_every_pin_is_drawn_once_where_the_file_says(name: str) -> None:
    root = ET.fromstring(drawing.svg(boards.load(name)))  # noqa: S314 - our own
    drawn = []
    for wire in root.iter(f"{SVG}g"):
        pin = " ".join(wire.attrib["data-pin"].split())
        name_of_pin = pin.split(" ", 1)[1] if pin[0].isdigit() else pin
        drawn.append((wire.attrib["data-part"], name_of_pin, int(wire.attrib["data-gpio"])))
    assert sorted(drawn) == sorted(wanted(name))


@pytest.mark.parametrize("name", boards.names())
def test_nothing_lies_over_anything_else(name: str) -> None:
    root = ET.fromstring(drawing.svg(boards.load(name)))  # noqa: S314 - our own
    width, height = int(root.attrib["width"]), int(root.attrib["height"])
    lines: dict[str, list[tuple[float, float, str]]] = {}
    for text in root.iter(f"{SVG}text"):
        said = str(text.text)
        # Helvetica as wide as it comes, Hanzi square.
        wide = sum(13.0 if ord(character) > 0x2E80 else 7.2 for character in said)
        start = float(text.attrib["x"]) - {"start": 0.0, "middle": wide / 2, "end": wide}[text.attrib["text-anchor"]]
        assert start >= 0 and start + wide <= width and float(text.attrib["y"]) < height, said
        lines.setdefault(text.attrib["y"], []).append((start, start + wide, said))
    for line in lines.values():
        for before, after in pairwise(sorted(line)):
            assert before[1] <= after[0], f"{before[2]} lies over {after[2]}"


def test_a_light_that_is_always_on_needs_no_transistor() -> None:
    board = boards.load("esp32-devkit-4mb")
    always = dataclasses.replace(board, display=dataclasses.replace(board.display, backlight=None))
    (light,) = [c for part in parts(always) for c in part.connections if c.pin == "16 K"]
    assert (light.gpio, light.net, light.via) == (None, "GND", "")


def test_the_parts_list_has_what_the_board_needs() -> None:
    page = pages.page(boards.load("esp32-devkit-4mb"))
    assert "| 4 | resistor 10 kΩ |" in page and "HD44780" in page and "DS3231" in page and "GPIO 36 (VP)" in page
    assert "ST7920" in pages.page(boards.load("esp32-st7920-4mb"))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["boards", "--draw", "-o", str(tmp_path)]) == 0
    assert cli.run(["boards", "--check", "-o", str(tmp_path)]) == 0
    (tmp_path / "esp32-devkit-4mb.svg").write_text("<svg/>")
    (tmp_path / "gone.svg").write_text("<svg/>")
    capsys.readouterr()
    assert cli.run(["boards", "--check", "-o", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "esp32-devkit-4mb.svg is not what the board's file says",
        "gone.svg is of a board that is no more",
    ]
    assert "run `cheyou boards --draw`" in err
    assert cli.run(["boards", "--draw", "-o", str(tmp_path)]) == 0 and not (tmp_path / "gone.svg").exists()
    assert cli.run(["boards", "--draw", "--check"]) == 2 and cli.run(["boards", "-o", str(tmp_path)]) == 2
