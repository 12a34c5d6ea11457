"""The terminal's texts, read the other way round: which screen is it that the glass shows?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from host_tools.toolchain import ROOT

COLUMNS = 16
Rows = list[str]


def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((ROOT / "firmware" / "texts" / "en.json").read_text(encoding="utf-8"))
    return texts


TEXTS = _texts()
REASONS: dict[str, Rows] = TEXTS["reasons"]
SCREENS: dict[str, Rows] = TEXTS["screens"]


def fits(templates: Rows, rows: Rows, fields: Mapping[str, object] = {}) -> bool:
    """Whether `rows` are `templates` filled in, with `fields` where given and anything elsewhere."""
    return all(_pattern(template, fields).fullmatch(row) for template, row in zip(templates, rows, strict=False))


def screen(name: str, **fields: object) -> Rows:
    """The rows of a screen as the glass shows them."""
    return _rows(SCREENS[name], fields)


def refusal(reason: str, **fields: object) -> Rows:
    """The rows with which the terminal names a reason."""
    return _rows(REASONS[reason], fields)


def verdict(rows: Rows) -> str | None:
    """The named reason that the glass shows, "valid" for an OK; None when it shows no verdict."""
    if fits(SCREENS["valid"], rows):
        return "valid"
    return next((reason for reason, templates in REASONS.items() if fits(templates, rows)), None)


def _rows(templates: Rows, fields: Mapping[str, object]) -> Rows:
    return [template.format(**fields).ljust(COLUMNS)[:COLUMNS] for template in templates]


def _pattern(template: str, fields: Mapping[str, object]) -> re.Pattern[str]:
    pattern = ""
    for literal, name, spec, _ in Formatter().parse(template):
        pattern += re.escape(literal)
        if name is not None:
            pattern += re.escape(format(fields[name], spec or "")) if name in fields else ".*"
    return re.compile(pattern + " *")
