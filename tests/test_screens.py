"""docs/screens shows what the firmware shows."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from host_tools.commands import screens
from host_tools.gallery import album
from host_tools.gallery.shots import shots


def test_every_picture_is_what_the_firmware_shows_today() -> None:
    assert list(album.differences()) == [], "look at what has changed, and run `cheyou screens`"


def test_every_text_of_every_language_is_there() -> None:
    boards = album.subjects()
    assert {(board.display.kind, board.display.language) for board in boards} >= {
        (kind, language) for kind in ("hd44780", "st7920") for language in ("en", "zh")
    }
    pictures = list(album.FOLDER.rglob("*.png"))
    assert len(pictures) == sum(len(shots(board)) for board in boards)


def test_check_names_what_is_wrong_and_mends_nothing(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(album, "album", lambda: {Path("a/new.png"): b"1", Path("a/same.png"): b"2", Path("a/old.png"): b"3"})
    (tmp_path / "a").mkdir()
    for name, content in (("same", b"2"), ("old", b"before"), ("gone", b"4")):
        (tmp_path / "a" / f"{name}.png").write_bytes(content)
    done = CliRunner().invoke(screens.command, ["--check", "-o", str(tmp_path)])
    assert done.output.splitlines()[:3] == [
        "a/gone.png shows a screen that is no more", "a/new.png is missing", "a/old.png is not what the display shows",
    ]  # fmt: skip
    assert done.exception is not None and (tmp_path / "a" / "old.png").read_bytes() == b"before"
    assert CliRunner().invoke(screens.command, ["-o", str(tmp_path)]).output.startswith("3 files changed")
    assert CliRunner().invoke(screens.command, ["--check", "-o", str(tmp_path)]).exit_code == 0
