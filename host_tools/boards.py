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
from typing import Any, cast

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
    released: str
    sha256: str | None = None

    @property
    def file(self) -> str:
        """What the .bin is called on the download page."""
        return f"{self.variant}-{self.released}-v{self.version}.bin"


@dataclass(frozen=True)
class Display:
    """A character display and its GPIO numbers, or the I2C address of the `expander` that carries it; `backlight` is None where
    the light is always on."""

    kind: str
    language: str
    columns: int
    rows: int
    rs: int | None = None
    en: int | None = None
    d4: int | None = None
    d5: int | None = None
    d6: int | None = None
    d7: int | None = None
    backlight: int | None = None
    expander: int | None = None

    @property
    def pins(self) -> tuple[int | None, ...]:
        """RS, E and D4 to D7."""
        return self.rs, self.en, self.d4, self.d5, self.d6, self.d7


@dataclass(frozen=True)
class Ethernet:
    """The PHY of a wired board: its address and GPIO numbers; `power` is None where nothing switches it."""

    phy: str
    address: int
    mdc: int
    mdio: int
    ref_clk: int
    power: int | None = None


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
    ethernet: Ethernet | None
    micropython: MicroPython
    display: Display
    keypad: Keypad
    buzzer_pin: int
    led_green: int
    led_red: int
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
        """What `firmware/main.py` and `peripherals.py` read from the module `board` about the wiring."""
        display, wired = self.display, self.ethernet
        return {
            "NAME": self.name,
            "LANGUAGE": display.language,
            "LCD_KIND": display.kind,
            "LCD_PINS": display.pins,
            "LCD_EXPANDER": display.expander,
            "LCD_COLUMNS": display.columns,
            "LCD_ROWS": display.rows,
            "LCD_BACKLIGHT": display.backlight,
            "KEYPAD_ROWS": self.keypad.rows,
            "KEYPAD_COLUMNS": self.keypad.columns,
            "KEYPAD_LAYOUT": self.keypad.layout,
            "BUZZER": self.buzzer_pin,
            "LED_GREEN": self.led_green,
            "LED_RED": self.led_red,
            "I2C_SDA": self.clock_sda,
            "I2C_SCL": self.clock_scl,
            # The port expander's own limit.
            "I2C_HZ": 400_000 if display.expander is None else 100_000,
            "ETHERNET": wired and (wired.mdc, wired.mdio, wired.ref_clk, wired.power, wired.address),
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


def is_wired(name: str) -> bool:
    """Whether boards of that name have a cable instead of Wi-Fi."""
    return load(name).ethernet is not None


def read(path: Path) -> Board:
    """Read and check a board file. The first fault found is raised; `Board.warnings` holds what is only unwise."""
    text = path.read_text(encoding="utf-8")
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise CheYouError(f"{shown}: {fault}", "mend the TOML there") from None
    # A missing property has no line of its own: what is there and wrong comes first, and is often the missing one misspelt.
    faults = ((error.validator == "required", line_of(text, _place(error)), error) for error in _validator().iter_errors(data))
    broken = min(faults, default=None, key=lambda fault: fault[:2])
    if broken is not None:
        _, line, error = broken
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
        known: dict[str, Any] = error.schema["properties"]  # type: ignore[index]
        path += [key for key in cast(dict[str, Any], error.instance) if key not in known][:1]
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
        ethernet=Ethernet(**data["ethernet"]) if "ethernet" in data else None,
        micropython=MicroPython(**data["micropython"]),
        display=Display(**data["display"]),
        keypad=Keypad(tuple(keypad["rows"]), tuple(keypad["columns"]), tuple(keypad["layout"]), keypad["pull_ups"]),
        buzzer_pin=data["buzzer"]["pin"],
        led_green=data["leds"]["green"],
        led_red=data["leds"]["red"],
        clock_kind=data["clock"]["kind"],
        clock_sda=data["clock"]["sda"],
        clock_scl=data["clock"]["scl"],
        budget=Budget(**data["budget"]),
        partitions=tuple(Partition(**partition) for partition in data["partition"]),
        warnings=warnings,
    )
