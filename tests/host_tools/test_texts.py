"""Texts fit every display, or the build names the one that does not; the device reads back what was packed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware.terminal.texts import Texts
from host_tools import boards, device_modules, glyph_art, text_pack, texts, toolchain
from host_tools.character_set import OF_KIND
from host_tools.errors import CheYouError
from host_tools.gallery.shots import shots

BOARDS = [boards.load(name) for name in boards.names()]
CHARACTERS = boards.load("esp32-devkit-4mb").display
CHINESE = next(board.display for board in BOARDS if board.display.kind == "st7920")


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_text_fits(board: boards.Board) -> None:
    assert list(texts.faults(board.display)) == []


def test_chinese_and_english_say_the_same_things() -> None:
    for kind in OF_KIND:
        english, chinese = (texts.read(language, kind) for language in ("en", "zh"))
        assert list(english.rows) == list(chinese.rows) and set(english.words) == set(chinese.words)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, Callable[[dict[str, Any]], object]], list[str]]:
    """`edited("zh", change)`: the faults of the texts after that change, on the character display."""
    folder = tmp_path / "texts"
    shutil.copytree(texts.FOLDER, folder)

    def faults(name: str, change: Callable[[dict[str, Any]], object]) -> list[str]:
        path = folder / f"{name}.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        return [*texts.faults(CHARACTERS, folder), *texts.faults(CHINESE, folder)]

    return faults


Edited = Callable[[str, Callable[[dict[str, Any]], object]], list[str]]


def test_a_long_text_fails_by_name(edited: Edited) -> None:
    (fault,) = edited("en", lambda t: t["screens"].update(last_none=["Nothing has been saved yet"]))
    assert fault == "en: screens/last_none row 1 takes 26 of 16 cells on hd44780 16x2: 'Nothing has been saved yet'"


def test_a_text_too_long_with_the_widest_that_may_come_fails(edited: Edited) -> None:
    (fault,) = edited("fields", lambda t: t["widest"].update(stars=["*" * 17]))[:1]
    assert fault.startswith("en: screens/pin row 2 takes 17 of 16 cells on hd44780 16x2")


def test_a_fault_fails_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    shutil.copytree(texts.FOLDER, folder)
    path = folder / "zh.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"未存"', '"没有保存此次核销的记录"'), encoding="utf-8")
    monkeypatch.setattr(text_pack, "checked", lambda display: texts.checked(display, folder))
    with pytest.raises(CheYouError, match="zh: screens/left: nobody has drawn '没' yet"):
        device_modules.texts(BOARDS[0])


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("zh", lambda t: t["words"].pop("date"), "zh: words/date is missing"),
        ("zh", lambda t: t["words"].update(extra="x"), "zh: words/extra is not in en.json"),
        ("zh", lambda t: t["screens"].update(left=["删找修洗保"]), "zh: screens/left needs 10 of 8 drawn cells on hd44780 16x2"),
        ("zh", lambda t: t["reasons"].update(blocked=["不行"]), "zh: reasons/blocked does not begin with the verdict"),
        ("zh", lambda t: t.update(verdict=["有效", "有错"]), "zh: verdict begins with the same cell"),
        ("en", lambda t: t.update(verdict=["VALID", "NO"]), "en: verdict takes more than 4 cells"),
        ("en", lambda t: t["screens"].update(left=["{whatever}"]), "fields.json does not say what comes into {whatever}"),
        ("en", lambda t: t["screens"].update(left=["a", "b", "c"]), "en: screens/left has 3 rows on hd44780 16x2"),
        ("zh.st7920", lambda t: t["screens"].update(left=["没有\u2603"]), "GB2312 has no '\u2603'"),
    ],
)
def test_each_rule_names_the_text_it_catches(edited: Edited, file: str, change: Any, said: str) -> None:
    assert any(said in fault for fault in edited(file, change))


def test_a_shape_must_be_drawn_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("; comment\n\n车\n.....\n", encoding="utf-8")
    with pytest.raises(CheYouError, match=r"a.txt: '车' is not eight equal rows"):
        glyph_art.drawn(tmp_path)


@pytest.fixture(params=BOARDS, ids=lambda board: board.name)
def packed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[boards.Display, Path]:
    display: boards.Display = request.param.display
    path = tmp_path / "texts"
    path.write_bytes(text_pack.pack(display))
    return display, path


def test_the_device_reads_what_was_packed(packed: tuple[boards.Display, Path]) -> None:
    display, path = packed
    encode = OF_KIND[display.kind].encode
    device = Texts(path, "en")
    assert device.languages == ["en", "zh"]
    for language in device.languages:
        device.use(language)
        wanted = texts.read(language, display.kind)
        for name, word in wanted.words.items():
            assert device.rows(name) == [encode(word)]
        for name, rows in wanted.rows.items():
            assert device.rows(name)[: len(rows)] == [encode(row) for row in rows], name
    for name in ("screens/none", "words/day2"):
        with pytest.raises(KeyError):
            device.rows(name)
    with pytest.raises(ValueError, match="not in list"):
        device.use("fr")


def test_names_of_the_centre_are_shown_where_they_can_be(packed: tuple[boards.Display, Path]) -> None:
    display, path = packed
    device = Texts(path, "zh")
    encode = OF_KIND[display.kind].encode
    assert device.local("Wash 5") == "Wash 5"
    assert device.local("洗车") == encode("洗车")
    assert device.local("¥5") == encode("¥5")
    whole = display.kind == "st7920"
    assert device.local("洗车包月") == (encode("洗车包月") if whole else None), "too many cells, or a character nobody has drawn"
    assert device.local("\U0001f697") is None and device.local("\ue000") is None


def test_bitmaps_are_those_drawn(tmp_path: Path) -> None:
    path = tmp_path / "texts"
    path.write_bytes(text_pack.pack(CHARACTERS))
    device = Texts(path, "zh")
    left, right = OF_KIND["hd44780"].encode("效")
    assert (device.bitmap(ord(left) - 0xE000), device.bitmap(ord(right) - 0xE000)) == glyph_art.drawn()["效"]


def test_a_display_of_twenty_columns_is_measured_as_one() -> None:
    wide = replace(CHARACTERS, columns=20, rows=4)
    assert list(texts.faults(wide)) == []
    assert len(text_pack.pack(wide)) < 16_000


def test_packing_takes_no_time_to_speak_of() -> None:
    started = time.perf_counter()
    text_pack.pack(CHARACTERS)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("name", ["esp32-devkit-4mb", "esp32-st7920-4mb"])
def test_chinese_on_the_glass_leaves_no_name_in_micropython(name: str, tmp_path: Path) -> None:
    """It keeps the names it knows for ever, and for it every single character that a loop over a text makes is one."""
    board = boards.load(name)
    (tmp_path / "texts").write_bytes(text_pack.pack(board.display))
    (tmp_path / "shots").write_text(json.dumps(shots(board)))
    fakes = toolchain.ROOT / "tests" / "drivers" / "on_device"
    done = subprocess.run(
        [toolchain.micropython(32), Path(__file__).parent / "on_device" / "chinese.py", "texts", "shots", board.display.kind],
        env={"MICROPYPATH": f"{toolchain.ROOT}:{fakes}:{toolchain.library_dir()}:.frozen"},
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60,
    )  # fmt: skip
    counts = re.findall(r"n_qstr=(\d+)", done.stdout)
    assert len(counts) == 3, done.stdout
    assert counts[1] == counts[2], done.stdout
