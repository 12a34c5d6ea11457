"""Boards: the files in `board_configs/`, read and checked.

`load("esp32-devkit-4mb")` returns a `Board` or raises `CheYouError` naming file, line and rule. A board that loads has
passed the schema and every rule in `board_rules`.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from host_tools.board_rules import Finding, check
from host_tools.errors import CheYouError
from host_tools.toml_lines import line_of
from host_tools.toolchain import ROOT

FOLDER = ROOT / "board_configs"
SCHEMA = FOLDER / "schema.json"


@dataclass(frozen=True)
class Partition:
    """A row of the partition table; `offset` and `size` in bytes."""

    label: str
    type: str
    subtype: str | int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.offset + self.size


@dataclass(frozen=True)
class MicroPython:
    """The stock firmware a board runs. `sha256` is the digest of the one accepted file, None when any of that version is."""

    variant: str
    version: str
    sha256: str | None = None


@dataclass(frozen=True)
class Display:
    """A character display and its GPIO numbers; `backlight` is None where the light is always on."""

    kind: str
    columns: int
    rows: int
    rs: int
    en: int
    d4: int
    d5: int
    d6: int
    d7: int
    backlight: int | None = None
    backlight_inverted: bool = False


@dataclass(frozen=True)
class Keypad:
    """A key matrix: driven rows, read columns (GPIO numbers), and what is printed on the keys, a string a row."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    layout: tuple[str, ...]
    pull_ups: str


@dataclass(frozen=True)
class Budget:
    """What the application may use: MicroPython's heap, and of it free at idle, in bytes; records the journal must hold."""

    heap_bytes: int
    idle_free_bytes: int
    journal_records: int


@dataclass(frozen=True)
class Board:
    """Everything that is known about one board."""

    name: str
    title: str
    chip: str
    flash_bytes: int
    network: str
    micropython: MicroPython
    display: Display
    keypad: Keypad
    buzzer_pin: int
    led_green: int
    led_red: int
    led_inverted: bool
    clock_kind: str
    clock_sda: int
    clock_scl: int
    budget: Budget
    partitions: tuple[Partition, ...]
    warnings: tuple[str, ...]

    def partition(self, label: str) -> Partition:
        """The partition with this label; `CheYouError` when the board has none."""
        for partition in self.partitions:
            if partition.label == label:
                return partition
        raise CheYouError(f"board {self.name} has no partition {label}", f"add it to board_configs/{self.name}.toml")

    def device_constants(self) -> dict[str, Any]:
        """What the firmware needs to know, in plain types; the keys of `display` are the driver's arguments."""
        light = {} if self.display.backlight is None else {"backlight": self.display.backlight}
        if self.display.backlight_inverted:
            light["backlight_inverted"] = True
        pins = {name: getattr(self.display, name) for name in ("rs", "en", "d4", "d5", "d6", "d7")}
        leds: dict[str, Any] = {"green": self.led_green, "red": self.led_red}
        if self.led_inverted:
            leds["inverted"] = True
        return {
            "name": self.name,
            "network": self.network,
            "display": {"columns": self.display.columns, "rows": self.display.rows, **pins, **light},
            "keypad": {"rows": self.keypad.rows, "columns": self.keypad.columns, "layout": self.keypad.layout},
            "buzzer": self.buzzer_pin,
            "leds": leds,
            "clock": {"sda": self.clock_sda, "scl": self.clock_scl},
        }


def names(folder: Path = FOLDER) -> list[str]:
    """The boards there are."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load(name: str, folder: Path = FOLDER) -> Board:
    """Read and check one board."""
    path = folder / f"{name}.toml"
    if not path.exists():
        raise CheYouError(f"there is no board {name}", f"choose one of: {', '.join(names(folder)) or 'none yet'}")
    return read(path)


def read(path: Path) -> Board:
    """Read and check a board file. The first fault found is raised; `Board.warnings` holds what is only unwise."""
    text = path.read_text(encoding="utf-8")
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise CheYouError(f"{shown}: {fault}", "mend the TOML there") from None
    broken = min(((line_of(text, _place(e)), e) for e in _validator().iter_errors(data)), default=None, key=lambda b: b[0])
    if broken is not None:
        line, error = broken
        place = ".".join(map(str, _place(error))) or "the file"
        raise CheYouError(f"{shown}:{line}: {place}: {error.message}", "see board_configs/schema.json for what it may be")
    if data["name"] != path.stem:
        raise CheYouError(f"{shown}:{line_of(text, ['name'])}: name is not the file's", f'write name = "{path.stem}"')
    warnings = []
    for finding in check(data):
        said = _said(finding, str(shown), text)
        if not finding.warning:
            raise CheYouError(said, finding.remedy)
        warnings.append(f"{said}; {finding.remedy}")
    return _board(data, tuple(warnings))


def _place(error: jsonschema.ValidationError) -> list[str | int]:
    """The path of what is wrong; a property that should not be there is named itself, not the table it stands in."""
    path = list(error.absolute_path)
    if error.validator == "additionalProperties":
        path += [key for key in error.instance if key not in error.schema.get("properties", {})][:1]
    return path


def _said(finding: Finding, shown: str, text: str) -> str:
    return f"{shown}:{line_of(text, finding.path)}: {finding.what}"


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _board(data: dict[str, Any], warnings: tuple[str, ...]) -> Board:
    keypad = data["keypad"]
    return Board(
        name=data["name"],
        title=data["title"],
        chip=data["chip"],
        flash_bytes=data["flash_bytes"],
        network=data["network"],
        micropython=MicroPython(**data["micropython"]),
        display=Display(**data["display"]),
        keypad=Keypad(tuple(keypad["rows"]), tuple(keypad["columns"]), tuple(keypad["layout"]), keypad["pull_ups"]),
        buzzer_pin=data["buzzer"]["pin"],
        led_green=data["leds"]["green"],
        led_red=data["leds"]["red"],
        led_inverted=data["leds"].get("inverted", False),
        clock_kind=data["clock"]["kind"],
        clock_sda=data["clock"]["sda"],
        clock_scl=data["clock"]["scl"],
        budget=Budget(**data["budget"]),
        partitions=tuple(Partition(**partition) for partition in data["partition"]),
        warnings=warnings,
    )
