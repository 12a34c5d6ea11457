"""`cheyou qualify`: a short course for each board, reports that are kept, and limits that are limits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import cli, toolchain
from host_tools.qualification import course
from host_tools.qualification.leg import Measured
from host_tools.qualification.trial import judged
from provisioning.reports import ReportStore

Tool = Callable[..., Path]

SHORT = """
[limits]
verdict_median_ms = 3000
verdict_worst_ms = 4000  # several tests may share the machine
keys_lost = 20
wrong_verdicts = 0
lost = 0
doubled = 0
restarts = 0
drain_s = 60
incidents = 0

[[leg]]
name = "weak"
title = "Loss, delay, flapping, records to send"
customers = 3
waiting = 100
delay_ms = 60
loss = 0.2
flap_s = [3.0, 1.0]
"""


@pytest.fixture
def qualify(
    tmp_path: Path, tool: Tool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., object]:
    """`qualify(board, course)`: exit code, the report, stderr, and the files that were kept."""
    tool(toolchain.mpy_cross)
    monkeypatch.setenv("CHEYOU_BENCH", str(tmp_path / "bench"))

    def call(board: str, text: str) -> tuple[int, dict[str, object], str]:
        file = tmp_path / "course.toml"
        file.write_text(text)
        code = cli.run(["qualify", "--board", board, "--course", str(file), "--heap", "144K", "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    return call


@pytest.mark.slow
@pytest.mark.parametrize("board", ["esp32-devkit-4mb", "esp32-st7920-4mb"])
def test_a_short_course(qualify: Callable[..., tuple[int, dict[str, object], str]], board: str, tmp_path: Path) -> None:
    code, report, err = qualify(board, SHORT)
    assert code == 0, err
    about, weak = report["steps"]
    assert report["passed"] and report["subject"] == f"{board} {report['firmware']}" and report["kind"] == "qualification"
    assert len(about["values"]["application"]) == 64
    values = weak["values"]
    assert values["customers"] == values["saved"] == 3 and values["packets_lost"] > 0
    data, page = map(Path, report["files"])
    assert json.loads(data.read_text())["steps"] == report["steps"]
    assert ReportStore(tmp_path / "bench" / "reports").qualified(about["values"]["application"])
    assert not ReportStore(tmp_path / "bench" / "reports").qualified("0" * 64)
    assert "PASSED" in page.read_text() and "Loss, delay, flapping" in page.read_text()


@pytest.mark.slow
def test_a_limit_that_is_broken_is_named_and_the_report_kept(qualify: Callable[..., tuple[int, dict[str, object], str]]) -> None:
    code, report, err = qualify("esp32-devkit-4mb", SHORT.replace("verdict_worst_ms = 4000", "verdict_worst_ms = 5"))
    assert code == 1
    assert "did not pass (weak: verdict_worst_ms" in err and "> 5); let no unit of it go out" in err
    assert not report["passed"] and "FAILED" in Path(report["files"][1]).read_text()


LEG = course.read()[0]


@pytest.mark.parametrize(
    ("change", "held", "incidents", "over"),
    [
        ({}, [1, 2], [], []),
        ({}, [1], [], ["lost 1 > 0"]),
        ({}, [1, 2, 2], [], ["doubled 1 > 0"]),
        ({}, [1, 2, 3], [], ["doubled 1 > 0"]),
        ({}, [1, 2], ["fork"], ["incidents 1 > 0", "fork"]),
        ({"restarts": 1}, [1, 2], [], ["restarts 1 > 0"]),
        ({"wrong_verdicts": 1}, [1, 2], [], ["wrong_verdicts 1 > 0"]),
        ({"keys_lost": 1}, [1, 2], [], ["keys_lost 1 > 0"]),
        ({"drain_s": 99.0}, [1, 2], [], ["drain_s 99 > 10"]),
        ({"verdict_ms": [10.0, 10.0, 2000.0]}, [1, 2], [], ["verdict_worst_ms 2000 > 1500"]),
        ({"verdict_ms": []}, [1, 2], [], ["verdict_median_ms 999999 > 500", "verdict_worst_ms 999999 > 1500"]),
    ],
)
def test_each_limit_counts(change: dict[str, object], held: list[int], incidents: list[str], over: list[str]) -> None:
    measured = Measured(**{"verdict_ms": [100.0], "saved": {1, 2}} | change)  # type: ignore[arg-type]
    step = judged(LEG, measured, {1, 2}, Counter(held), incidents)
    assert step.values["over"] == over
    assert step.passed == (not over)


def test_the_course_covers_weak_network_and_load() -> None:
    legs = course.read()
    assert any(leg.loss for leg in legs) and any(leg.delay_ms for leg in legs) and any(leg.flap_s for leg in legs)
    assert any(leg.waiting >= 1000 for leg in legs)
    assert all(leg.limits[name] == 0 for leg in legs for name in ("lost", "doubled", "restarts", "wrong_verdicts", "incidents"))


def test_wrong_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["qualify"]) == 2
    assert cli.run(["qualify", "--board", "esp32-devkit-4mb", "--leg", "storm"]) == 2
    assert "there is no leg storm, only calm, delay" in capsys.readouterr().err
    (tmp_path / "x.toml").write_text("[limits]\nlost = 0\n[[leg]]\nname = 'a'\n[leg.limits]\nfound = 1\n")
    assert cli.run(["qualify", "--board", "esp32-devkit-4mb", "--course", str(tmp_path / "x.toml")]) == 1
    assert "a limits found, which [limits] does not have" in capsys.readouterr().err
    assert cli.run(["qualify", "--board", "esp32-devkit-4mb", "--course", str(tmp_path / "none.toml")]) == 1
