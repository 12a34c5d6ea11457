"""Reports of self-tests and model qualifications: JSON for programs, one printable page for people. Kept for ever.

A report names terminal, board and versions, and holds no secret and no member's number.
"""

from __future__ import annotations

import html
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_MARKS = {True: "passed", False: "FAILED", None: "not done"}
_STYLE = (
    "body{font:11pt sans-serif;max-width:17cm;margin:1cm auto}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #888;padding:2pt 6pt;text-align:left;vertical-align:top}"
    ".FAILED{font-weight:bold;background:#fdd}.sign{margin-top:1.5cm}h1{font-size:16pt}@page{size:A4;margin:1.5cm}"
)


@dataclass(frozen=True)
class Step:
    """One thing that was looked at. `passed` is None when it was not done; `detail` says what was measured or why not."""

    name: str
    passed: bool | None
    detail: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What was tested when, and how it went. `subject` is a terminal id, or a board and firmware version."""

    kind: str  # selftest, qualification
    subject: str
    mac: str
    board: str
    firmware: str
    steps: tuple[Step, ...]
    made_at: int = field(default_factory=lambda: int(time.time()))
    by: str = ""

    @property
    def passed(self) -> bool:
        """Whether every step that was done passed, and at least one was done."""
        return all(step.passed is not False for step in self.steps) and any(step.passed for step in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {**asdict(self), "passed": self.passed}

    def page(self) -> str:
        """The report as one printable HTML page that needs nothing else."""
        when = time.strftime("%Y-%m-%d %H:%M CST", time.gmtime(self.made_at + 28_800))
        rows = "".join(
            f"<tr class='{_MARKS[step.passed].split()[0]}'><td>{html.escape(step.name)}</td><td>{_MARKS[step.passed]}</td>"
            f"<td>{html.escape(step.detail)}</td></tr>"
            for step in self.steps
        )
        heads = {
            "Unit" if self.mac else "Model": self.subject,
            "MAC": self.mac,
            "Board": self.board,
            "Firmware": self.firmware,
            "When": when,
            "By": self.by,
        }
        facts = "".join(f"<tr><th>{name}</th><td>{html.escape(text)}</td></tr>" for name, text in heads.items() if text)
        return (
            f"<!doctype html><meta charset=utf-8><title>{html.escape(self.kind)} {html.escape(self.subject)}</title>"
            f"<style>{_STYLE}</style><h1>CheYou {html.escape(self.kind)}: {'PASSED' if self.passed else 'FAILED'}</h1>"
            f"<table>{facts}</table><p><table><tr><th>Step</th><th>Result</th><th>Detail</th></tr>{rows}</table>"
            "<p class=sign>Technician: ______________________ &nbsp; Date: ______________</p>"
        )


class ReportStore:
    """Reports in a folder, a folder a subject; nothing is ever overwritten."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def qualified(self, application: str) -> bool:
        """Whether a model with this application (SHA-256) has passed the whole of its qualification."""
        reports = (json.loads(path.read_text(encoding="utf-8")) for path in self._folder.glob("*/qualification-[0-9]*.json"))
        return any(
            report["passed"] and any(step["values"].get("application") == application for step in report["steps"])
            for report in reports
        )

    def save(self, report: Report) -> list[Path]:
        """Write JSON and page; their paths, the page last."""
        folder = self._folder / report.subject.replace("/", "-").replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{report.kind.replace(' ', '-')}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime(report.made_at))}"
        number = 0
        while (folder / f"{stem}{f'-{number}' if number else ''}.json").exists():
            number += 1
        stem += f"-{number}" if number else ""
        data, page = folder / f"{stem}.json", folder / f"{stem}.html"
        data.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
        page.write_text(report.page(), encoding="utf-8")
        return [data, page]
