"""Listings and progress as a program or a log sees them."""

from __future__ import annotations

import json

import pytest

from host_tools import listing, progress

ROWS = [{"board": "a", "ram": 96, "wifi": True, "more": [1]}, {"board": "会员", "ram": None, "wifi": False}]


def test_json_is_the_rows_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    listing.show(iter(ROWS), {"board": "Board"}, as_json=True)
    out = capsys.readouterr().out
    assert json.loads(out) == ROWS
    assert "会员" in out


def test_off_a_terminal_cells_are_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    listing.show(ROWS, {"board": "Board", "ram": "RAM", "wifi": "Wi-Fi"}, as_json=False)
    assert capsys.readouterr().out == "Board\tRAM\tWi-Fi\na\t96\tyes\n会员\t-\tno\n"


def test_progress_in_a_log_is_a_few_plain_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with progress.progress("writing", 100) as advance:
        for _ in range(10):
            now += 1.0
            advance(10)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "writing …\nwriting: 50%\nwriting: 100%\nwriting: done\n"
