"""The terminal's texts, read the other way round: which screen is it that the glass shows?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from host_tools import texts
from host_tools.toolchain import ROOT

COLUMNS = 16
Rows = list[str]


def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((ROOT / "firmware" / "texts" / "en.json").read_text(encoding="utf-8"))
    return texts


TEXTS = _texts()
VALID = ("valid", "valid_price", "valid_gift")
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


class Words:
    """One language's texts on one kind of display: `screens`, `reasons` and single `words` by name.

    An ST7920 shows Hanzi at even columns only, so there spaces tell nothing.
    """

    def __init__(self, language: str, kind: str) -> None:
        read = texts.read(language, kind)
        self._spaces = kind != "st7920"
        self.screens, self.reasons = (
            {name.partition("/")[2]: rows for name, rows in read.rows.items() if name.startswith(group)} for group in texts.GROUPS
        )
        self.words = {name.partition("/")[2]: word for name, word in read.words.items()}

    def plain(self, text: object) -> str:
        """A text as it is compared."""
        return str(text) if self._spaces else str(text).replace(" ", "")

    def fits(self, templates: Rows, rows: Rows, fields: Mapping[str, object] = {}) -> bool:
        """Whether `rows` are `templates` filled in, with `fields` where given and anything elsewhere."""
        given = {name: value if self._spaces else self.plain(value) for name, value in fields.items()}
        return fits([self.plain(template) for template in templates], [self.plain(row) for row in rows], given)

    def verdict(self, rows: Rows) -> str | None:
        """The named reason that the glass shows, "valid" for an OK; None when it shows no verdict."""
        if any(self.fits(self.screens[name], rows) for name in VALID):
            return "valid"
        return next((reason for reason, templates in self.reasons.items() if self.fits(templates, rows)), None)

    def field(self, name: str, field: str, rows: Rows) -> str:
        """What the glass shows in a field of a screen, `plain`; ValueError when it shows another screen."""
        for template, row in zip(self.screens[name], rows, strict=False):
            pattern = _pattern(self.plain(template), {}, field)
            if f"{{{field}" in template and (match := pattern.fullmatch(self.plain(row))):
                return match[field].strip()
        raise ValueError(f"{rows} is not {name}")


ENGLISH = Words("en", "hd44780")


def verdict(rows: Rows) -> str | None:
    """`Words.verdict` of the 16x2 display in English."""
    return ENGLISH.verdict(rows)


def _rows(templates: Rows, fields: Mapping[str, object]) -> Rows:
    return [template.format(**fields).ljust(COLUMNS)[:COLUMNS] for template in templates]


def _pattern(template: str, fields: Mapping[str, object], wanted: str = "") -> re.Pattern[str]:
    pattern = ""
    for literal, name, spec, _ in Formatter().parse(template):
        pattern += re.escape(literal)
        if name is not None:
            anything = f"(?P<{name}>.*?)" if name == wanted else ".*"
            pattern += re.escape(format(fields[name], spec or "")) if name in fields else anything
    return re.compile(pattern + " *")
