"""The terminal's texts: read, checked against what a display can show, and packed for the device.

`firmware/texts/<language>.json` holds each screen's rows for any display; `<language>.<display kind>.json` replaces some of
them on a display that has room for more. `fields.json` says what may come into the braces. A text that does not fit fails the
build, by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any

from host_tools.boards import Display
from host_tools.character_set import OF_KIND, CharacterSet
from host_tools.errors import CheYouError
from host_tools.toolchain import ROOT

FOLDER = ROOT / "firmware" / "texts"
GROUPS = ("screens", "reasons")
VERDICT_CELLS = 4
_REFERENCE = "en"

Rows = list[str]


@dataclass(frozen=True)
class TextSet:
    """One language on one kind of display. `rows` and `words` by the device's names (`screens/idle`, `words/day`), unencoded."""

    language: str
    rows: dict[str, Rows]
    words: dict[str, str]
    verdict: tuple[str, str]
    """What a verdict begins with: valid, not valid."""
    ahead: dict[str, str]
    """By the name of a screen: characters of the screens that may follow it, to be loaded into the display meanwhile."""


def languages(folder: Path = FOLDER) -> list[str]:
    """The languages there are."""
    return sorted(path.stem for path in folder.glob("*.json") if len(path.stem) == 2)


def read(language: str, kind: str, folder: Path = FOLDER) -> TextSet:
    """The texts of `language` for a display of `kind`."""
    base = _load(folder / f"{language}.json")
    special_path = folder / f"{language}.{kind}.json"
    special = _load(special_path) if special_path.exists() else {}
    rows: dict[str, Rows] = {}
    for group in GROUPS:
        unknown = sorted(set(special.get(group, {})) - set(base[group]))
        if unknown:
            raise CheYouError(
                f"{special_path.name}: {group}/{unknown[0]} is not in {language}.json", "add it there, or delete it"
            )
        rows |= {f"{group}/{name}": text for name, text in {**base[group], **special.get(group, {})}.items()}
    words = {f"words/{name}": word for name, word in {**base["words"], **special.get("words", {})}.items()}
    valid, refused = special.get("verdict", base["verdict"])
    ahead = {f"screens/{name}": text for name, text in special.get("ahead", base.get("ahead", {})).items()}
    return TextSet(language, rows, words, (valid, refused), ahead)


def field_samples(folder: Path = FOLDER) -> dict[str, Any]:
    """What may come into the fields of the texts: `widest` of each, `examples`, and exceptions `in` some screens."""
    return _load(folder / "fields.json")


def faults(display: Display, folder: Path = FOLDER) -> Iterator[str]:
    """Everything that is wrong with any language's texts on `display`, each with its name."""
    samples = field_samples(folder)
    reference = read(_REFERENCE, display.kind, folder)
    for language in languages(folder):
        texts = read(language, display.kind, folder)
        for name in sorted(set(reference.rows | reference.words) ^ set(texts.rows | texts.words)):
            yield f"{language}: {name} is {'missing' if name not in texts.rows | texts.words else f'not in {_REFERENCE}.json'}"
        yield from _Fit(texts, display, samples).faults()


def checked(display: Display, folder: Path = FOLDER) -> list[TextSet]:
    """All languages for `display`; CheYouError names the first text that does not fit."""
    found = list(faults(display, folder))
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise CheYouError(f"{found[0]}{more}", "shorten it in firmware/texts, or mend fields.json if that cannot come")
    return [read(language, display.kind, folder) for language in languages(folder)]


class _Fit:
    """Whether one language's texts fit one display with the widest that may come into their fields."""

    def __init__(self, texts: TextSet, display: Display, samples: dict[str, Any]) -> None:
        self._texts = texts
        self._display = display
        self._set: CharacterSet = OF_KIND[display.kind]
        self._samples = samples
        self._where = f"on {display.kind} {display.columns}x{display.rows}"

    def faults(self) -> Iterator[str]:
        for name, rows in self._texts.rows.items():
            try:
                yield from self._screen_faults(name, rows)
            except CheYouError as error:
                yield f"{self._texts.language}: {name}: {error.message}"
        yield from self._verdict_faults()

    def _screen_faults(self, name: str, rows: Rows) -> Iterator[str]:
        if len(rows) > self._display.rows:
            yield self._said(name, f"has {len(rows)} rows", rows)
        templates = [self._set.encode(row) for row in rows]
        fields = sorted({field for row in rows for _, field, _, _ in Formatter().parse(row) if field})
        choices = [[self._encoded(choice) for choice in self._choices(name, field)] for field in fields]
        widths = [0] * len(rows)
        drawn = 0
        for values in product(*choices):
            # The device fills in encoded values too, so a width asked for in the braces counts what it counts there.
            filled = [template.format(**dict(zip(fields, values, strict=True))) for template in templates]
            widths = [max(width, self._set.width(row)) for width, row in zip(widths, filled, strict=True)]
            ahead = self._set.encode(self._texts.ahead.get(name, ""))
            drawn = max(drawn, len(self._set.cells_drawn("".join((*filled, ahead)))))
        for number, width in enumerate(widths):
            if width > self._display.columns:
                yield self._said(f"{name} row {number + 1}", f"takes {width} of {self._display.columns} cells", [rows[number]])
        if self._set.glyphs is not None and drawn > self._set.glyphs:
            yield self._said(name, f"needs {drawn} of {self._set.glyphs} drawn cells", rows)

    def _said(self, name: str, what: str, rows: Rows) -> str:
        return f"{self._texts.language}: {name} {what} {self._where}: {' / '.join(rows)!r}"

    def _encoded(self, value: Any) -> Any:
        return self._set.encode(value) if isinstance(value, str) else value

    def _verdict_faults(self) -> Iterator[str]:
        valid, refused = (self._set.encode(word) for word in self._texts.verdict)
        for word, encoded in zip(self._texts.verdict, (valid, refused), strict=True):
            if self._set.width(encoded) > VERDICT_CELLS:
                yield self._said("verdict", f"takes more than {VERDICT_CELLS} cells", [word])
        if valid[:1] == refused[:1]:
            yield self._said("verdict", "begins with the same cell for valid and not valid", list(self._texts.verdict))
        for name, rows in self._texts.rows.items():
            begins = self._texts.verdict[0 if name == "screens/valid" else 1]
            if (name == "screens/valid" or name.startswith("reasons/")) and not rows[0].startswith(begins + " "):
                yield self._said(name, "does not begin with the verdict", rows)

    def _choices(self, name: str, field: str) -> list[Any]:
        """What may come into `field`: samples, those for this language if it has its own, `@word` for one of the words."""
        samples = self._samples["in"].get(name, {}).get("widest", {}).get(field, self._samples["widest"].get(field))
        if samples is None:
            raise CheYouError(f"fields.json does not say what comes into {{{field}}}", "add the widest there")
        if isinstance(samples, dict):
            samples = samples.get(
                f"{self._texts.language}.{self._display.kind}", samples.get(self._texts.language, samples["en"])
            )
        words = self._texts.words
        return [words[f"words/{s[1:]}"] if isinstance(s, str) and s.startswith("@") else s for s in samples]


def _load(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheYouError(f"there is no {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}", "write it") from None
    except json.JSONDecodeError as error:
        raise CheYouError(f"{path.name}:{error.lineno}: {error.msg}", "mend the JSON there") from None
    return data
