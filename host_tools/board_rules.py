"""What the schema cannot say about a board: pins, partitions and budgets must agree with the chip and each other.

Pin facts are from the ESP32 datasheet (v4.6, table 2-1 and section 3.1 on strapping pins).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SECTOR = 4096
# The lines between the chip's Ethernet interface and its PHY that no other pin can take (datasheet, table 4-5).
RMII = {19: "TXD0", 21: "TX_EN", 22: "TXD1", 25: "RXD0", 26: "RXD1", 27: "CRS_DV"}
FLASH_PINS = range(6, 12)
CONSOLE_PINS = (1, 3)
INPUT_ONLY = range(34, 40)
NOT_BONDED = (20, 24, 28, 29, 30, 31, 37, 38)
# A wrong level on these two at reset keeps the chip from starting; the other three only change how it starts.
STRAPPING_FATAL = {
    0: "must be high at reset or the chip waits for a download",
    12: "must be low at reset or the flash gets 1.8 V",
}
STRAPPING = {
    **STRAPPING_FATAL,
    2: "must be low or open for downloads to work",
    5: "chooses the timing of an SDIO slave at reset",
    15: "silences the boot log when low at reset",
}
TABLE_END = 0x9000  # bootloader and partition table lie below
APP_ALIGNMENT = 0x10000  # of application partitions, by the chip's flash mapping
# The application, and what each of its other parts expects to find.
REQUIRED_PARTITIONS = {
    "nvs": ("data", "nvs"),
    "phy_init": ("data", "phy"),
    "factory": ("app", "factory"),
    "vfs": ("data", "fat"),
    "journal": ("data", None),
    "refusals": ("data", None),
    "list_a": ("data", None),
    "list_b": ("data", None),
}
SLOTS_A_SECTOR = 63  # of 64 bytes each; the first place of a sector is its header
SPARE_SECTORS = 1  # kept erased ahead of need


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, what, and what to do. A warning is unwise, not wrong."""

    path: tuple[str | int, ...]
    what: str
    remedy: str
    warning: bool = False


def check(board: dict[str, Any]) -> Iterator[Finding]:
    """Every broken rule of a board that has passed the schema."""
    if (board["network"] == "ethernet") != ("ethernet" in board):
        what = 'the table [ethernet] goes with network = "ethernet" and with nothing else'
        yield Finding(("network",), what, "add the table, or change the network")
    yield from _pins(board)
    yield from _display(board["display"])
    yield from _keypad(board["keypad"])
    yield from _partitions(board["partition"], board["flash_bytes"])
    yield from _budget(board)


def _uses(board: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], int, bool]]:
    """(path, GPIO, whether it is driven) of everything wired to the chip."""
    ethernet = board.get("ethernet", {})
    for pin, line in RMII.items() if ethernet else ():
        yield ("ethernet", line), pin, False
    for name in ("mdc", "mdio", "ref_clk", "power"):
        if name in ethernet:
            yield ("ethernet", name), ethernet[name], name != "ref_clk"
    for name in ("rs", "en", "d4", "d5", "d6", "d7", "backlight"):
        if name in board["display"]:
            yield ("display", name), board["display"][name], True
    for index, pin in enumerate(board["keypad"]["rows"]):
        yield ("keypad", "rows", index), pin, True
    for index, pin in enumerate(board["keypad"]["columns"]):
        yield ("keypad", "columns", index), pin, False
    yield ("buzzer", "pin"), board["buzzer"]["pin"], True
    for section, name in (("leds", "green"), ("leds", "red"), ("clock", "sda"), ("clock", "scl")):
        yield (section, name), board[section][name], True


def _pins(board: dict[str, Any]) -> Iterator[Finding]:
    accepted = {int(pin) for pin in board.get("strapping", {})}
    first_use: dict[int, str] = {}
    for path, pin, driven in _uses(board):
        name = ".".join(map(str, path[:2]))
        if pin in first_use:
            yield Finding(path, f"pin {pin} is used by {first_use[pin]} and {name}", "give one of them another pin")
        first_use.setdefault(pin, name)
        if pin in FLASH_PINS:
            yield Finding(path, f"pin {pin} of {name} belongs to the flash chip (6 to 11)", "use another pin")
        if pin in CONSOLE_PINS:
            yield Finding(path, f"pin {pin} of {name} is the serial console, needed for flashing", "use another pin")
        if pin in NOT_BONDED:
            yield Finding(path, f"pin {pin} of {name} is not brought out on this chip", "use another pin")
        if driven and pin in INPUT_ONLY:
            yield Finding(path, f"pin {pin} of {name} is input-only (34 to 39)", "use a pin below 34")
        if pin in STRAPPING and pin not in accepted:
            remedy = f"use another pin, or say under [strapping] why {pin} is safe here"
            yield Finding(path, f"pin {pin} of {name} {STRAPPING[pin]}", remedy, warning=pin not in STRAPPING_FATAL)
    for pin in accepted - set(first_use):
        yield Finding(("strapping", str(pin)), f"pin {pin} is not used", "delete the line")


def _display(display: dict[str, Any]) -> Iterator[Finding]:
    if "expander" in display and (display["kind"] != "hd44780" or "backlight" in display):
        what = "a display behind an expander is an hd44780, and its light hangs on the expander too"
        yield Finding(("display", "expander"), what, "wire it to pins, or delete backlight")
    size = (display["columns"], display["rows"])
    if display["kind"] == "st7920" and size != (16, 4):
        what = f"an st7920 shows 16 columns in 4 rows, not {size[0]} in {size[1]}"
        yield Finding(("display", "columns"), what, "write columns = 16 and rows = 4")


def _keypad(keypad: dict[str, Any]) -> Iterator[Finding]:
    width = len(keypad["columns"])
    keys = "".join(keypad["layout"])
    for index, row in enumerate(keypad["layout"]):
        if len(row) != width:
            what = f"row {index + 1} of keypad.layout has {len(row)} keys, the matrix {width} columns"
            yield Finding(("keypad", "layout"), what, "write one character a key")
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        yield Finding(("keypad", "layout"), f"keypad.layout has {' '.join(twice)} twice", "name each key once")
    missing = sorted(set("0123456789*#") - set(keys))
    if missing:
        yield Finding(("keypad", "layout"), f"keypad.layout lacks {' '.join(missing)}", "the digits, * and # are needed")
    bare = [pin for pin in keypad["columns"] if pin in INPUT_ONLY]
    if bare and keypad["pull_ups"] == "internal":
        what = f"pins {', '.join(map(str, bare))} of keypad.columns have no internal pull-ups"
        yield Finding(("keypad", "columns"), what, 'fit resistors and write pull_ups = "external", or use pins below 34')


def _partitions(partitions: list[dict[str, Any]], flash_bytes: int) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, partition in enumerate(partitions):
        at: tuple[str | int, ...] = ("partition", index)
        label, offset, size = partition["label"], partition["offset"], partition["size"]
        if label in seen:
            yield Finding((*at, "label"), f"two partitions are labelled {label}", "rename one")
        seen.add(label)
        alignment = APP_ALIGNMENT if partition["type"] == "app" else SECTOR
        if offset % alignment:
            yield Finding((*at, "offset"), f"{label} starts at {offset:#x}, not on a {alignment:#x} boundary", "move it")
        if size % SECTOR:
            yield Finding((*at, "size"), f"{label} has {size:#x} bytes, not a multiple of {SECTOR:#x}", "round it")
        if offset < TABLE_END:
            what = f"{label} starts at {offset:#x}, inside bootloader or partition table"
            yield Finding((*at, "offset"), what, f"start at {TABLE_END:#x} or later")
        if offset + size > flash_bytes:
            what = f"{label} ends at {offset + size:#x}, past the flash's {flash_bytes:#x}"
            yield Finding((*at, "size"), what, "make it smaller")
        wanted = REQUIRED_PARTITIONS.get(label)
        if wanted and (partition["type"], partition["subtype"] if wanted[1] else None) != wanted:
            yield Finding(at, f"{label} must be of type {wanted[0]} {wanted[1] or ''}".rstrip(), "change it")
    order = sorted(enumerate(partitions), key=lambda item: item[1]["offset"])
    for (_, before), (index, after) in pairwise(order):
        if after["offset"] < before["offset"] + before["size"]:
            what = f"{after['label']} starts at {after['offset']:#x}, inside {before['label']}"
            yield Finding(("partition", index, "offset"), what, "move one of them")
    for label in REQUIRED_PARTITIONS:
        if label not in seen:
            yield Finding(("partition",), f"there is no partition {label}", "add it")


def _budget(board: dict[str, Any]) -> Iterator[Finding]:
    budget = board["budget"]
    if budget["idle_free_bytes"] >= budget["heap_bytes"]:
        yield Finding(("budget", "idle_free_bytes"), "idle_free_bytes is not less than heap_bytes", "lower it")
    for index, partition in enumerate(board["partition"]):
        if partition["label"] != "journal":
            continue
        holds = (partition["size"] // SECTOR - SPARE_SECTORS) * SLOTS_A_SECTOR
        if holds < budget["journal_records"]:
            what = f"the journal holds {holds} records, the budget asks for {budget['journal_records']}"
            yield Finding(("partition", index, "size"), what, "enlarge the partition or lower budget.journal_records")
