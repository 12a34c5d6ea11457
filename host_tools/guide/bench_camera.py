"""Runs the self-test of a blank board on the simulator, answers as a technician would, and photographs each question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from host_tools import app_image
from host_tools.boards import Board
from host_tools.build import build_image
from host_tools.errors import CheYouError
from host_tools.flash import selftest
from provisioning.reports import Report
from simulator.board import BenchBoard
from simulator.dots import DotMatrix, dots

_PROGRAM = "from firmware import service\nservice.self_test(1795305600)\n"
_HEAP = "400K"
_STILL_S = 0.3  # of a display that has been drawn to its end
_LONGEST_S = 120.0


@dataclass(frozen=True)
class Album:
    """The glass at each question, in order, with its rows; and the report of it all."""

    shots: tuple[tuple[tuple[str, ...], DotMatrix], ...]
    report: Report


def taken(board: Board) -> Album:
    """Everything that `board` asks in its self-test, every question answered with yes. Takes no real time."""
    image = build_image(board).data
    place = board.partition("vfs")
    image[place.offset : place.end] = app_image.build(board, {"start_test": _PROGRAM}).data
    with (
        TemporaryDirectory(prefix="cheyou-guide-") as folder,
        BenchBoard(image, board, Path(folder), heap=_HEAP, fast=True, virtual=True) as bench,
    ):
        shots: list[tuple[tuple[str, ...], DotMatrix]] = []
        bench.power_on()
        passed = 0.0
        while passed < _LONGEST_S and not any("PASSED" in row or "FAILED" in row for row in bench.lcd):
            before = bench.lcd
            bench.run(_STILL_S)
            passed += _STILL_S
            if bench.lcd == before and any(row.strip() for row in before):
                if not shots or shots[-1][0] != tuple(before):
                    shots.append((tuple(before), dots(bench.display)))
                _answer(bench, before)
        bench.run(_STILL_S)
        shots.append((tuple(bench.lcd), dots(bench.display)))
        said = [json.loads(line) for line in bench.log.read_text(errors="replace").splitlines() if line.startswith("{")]
    about = {key: value for line in said for key, value in line.items() if key in ("board", "version", "mac", "end")}
    if "end" not in about:
        raise CheYouError(f"the self-test of {board.name} did not come to its end: {shots[-1][0]}", "mend the firmware")
    steps = tuple(selftest.step(line) for line in said if "step" in line)
    report = Report(
        "selftest", "T-001", about["mac"], board.name, f"{about['version']} on {about['board']}", steps, made_at=1795305600
    )
    return Album(tuple(shots), report)


def _answer(bench: BenchBoard, rows: list[str]) -> None:
    if any("#yes" in row for row in rows):
        bench.keys("#")
    elif rows[0].startswith("Press all keys"):
        bench.keys("".join(rows[1:]).replace(" ", "")[:1])
