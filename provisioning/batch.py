"""A batch: which board becomes which terminal, from a CSV file.

    mac,terminal,merchant,board,mqtt_url,http_url,wifi_ssid,wifi_psk
    24:6f:28:00:00:01,T-001,M-12,esp32-devkit-4mb,mqtt://10.0.0.2:1883,http://10.0.0.2:8080,shop,…

`board`, `wifi_psk` and, for boards with a cable, `wifi_ssid` may be left out. A row without `mac` is for the next board that has
no row of its own; which one that was is in the book of units from then on, so that a second run gives every board the same
terminal.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from provisioning.errors import IdentityError
from provisioning.identity import Identity
from provisioning.units import Unit, UnitStore, normal_mac

REQUIRED = ("terminal", "merchant", "mqtt_url", "http_url")
OPTIONAL = ("mac", "wifi_ssid", "wifi_psk", "board")


@dataclass(frozen=True)
class Row:
    """A row of the file, checked; `line` is its number there."""

    line: int
    mac: str | None
    terminal: str
    merchant: str
    mqtt_url: str
    http_url: str
    wifi_ssid: str = ""
    wifi_psk: str = field(default="", repr=False)
    board: str = ""

    def identity(self) -> Identity:
        """The identity this row asks for, with a new key; `IdentityError` names the field that is wrong."""
        return Identity(self.terminal, self.mqtt_url, self.http_url, self.wifi_ssid, self.wifi_psk, merchant=self.merchant)

    def finds_network(self, wired: bool) -> bool:
        """Whether a board with this identity gets to a network: by its cable, or by a Wi-Fi that has a name."""
        return wired or bool(self.wifi_ssid)


class Batch:
    """The rows, and who has which. Thread-safe: many boards ask at once."""

    def __init__(self, path: Path, rows: list[Row], store: UnitStore) -> None:
        self.path = path
        self.rows = rows
        self._store = store
        self._lock = threading.Lock()
        self._given: dict[str, Row] = {}

    def row_for(self, mac: str) -> Row:
        """The row of the board with this MAC; `IdentityError` when there is none left for it."""
        with self._lock:
            row = self._given.get(mac) or self._own(mac) or self._remembered(mac) or self._free()
            if row is None:
                raise IdentityError(
                    f"{self.path} has no row for the board {mac}", f"add a row with mac {mac}, or one without a mac"
                )
            self._given[mac] = row
            return row

    def _own(self, mac: str) -> Row | None:
        return next((row for row in self.rows if row.mac == mac), None)

    def _remembered(self, mac: str) -> Row | None:
        unit = self._store.find(mac)
        if unit is None or unit.state == "replaced":
            return None
        return next((row for row in self.rows if row.mac is None and row.terminal == unit.identity.terminal_id), None)

    def _free(self) -> Row | None:
        taken = {row.terminal for row in self._given.values()}
        return next(
            (row for row in self.rows if row.mac is None and row.terminal not in taken and not self._used(row.terminal)), None
        )

    def _used(self, terminal: str) -> bool:
        return self._store.of_terminal(terminal) is not None


@dataclass(frozen=True)
class Boards:
    """What a batch has to know of boards: which there are, whether one is `wired`, and which the rows that name none are for."""

    names: list[str]
    wired: Callable[[str], bool]
    otherwise: str = ""


def read(path: Path, store: UnitStore, boards: Boards) -> Batch:
    """Read a batch; `IdentityError` names file and line of the first row that cannot be used. Nothing is begun then."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise IdentityError(f"{path}: {error.strerror}", "give the CSV file of the batch") from None
    except UnicodeDecodeError:
        raise IdentityError(f"{path} is not UTF-8", "save it as UTF-8 CSV") from None
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    columns = reader.fieldnames or []
    missing = [name for name in REQUIRED if name not in columns]
    unknown = [name for name in columns if name not in REQUIRED + OPTIONAL]
    if missing or unknown:
        what = f"lacks the column {missing[0]}" if missing else f"has an unknown column {unknown[0]!r}"
        raise IdentityError(f"{path}:1: the header {what}", f"write: {','.join(('mac', *REQUIRED, *OPTIONAL[1:]))}")
    rows = []
    seen: dict[str, int] = {}
    for raw in reader:
        row = _row(path, reader.line_num, raw, boards)
        for value in (row.terminal, row.mac):
            if value and value in seen:
                raise IdentityError(f"{path}:{row.line}: {value} is on line {seen[value]} already", "delete one of the two rows")
            if value:
                seen[value] = row.line
        rows.append(row)
    if not rows:
        raise IdentityError(f"{path} has no rows", "write one row a board")
    return Batch(path, rows, store)


def _row(path: Path, line: int, raw: dict[str | None, str | None], boards: Boards) -> Row:
    try:
        if None in raw or any(value is None for value in raw.values()):
            raise IdentityError("the row has another number of fields than the header", "check its commas")
        fields = {str(name): (value or "").strip() for name, value in raw.items()}
        for name in REQUIRED:
            if not fields[name]:
                raise IdentityError(f"{name} is empty", "fill it in")
        if fields.get("board") and fields["board"] not in boards.names:
            raise IdentityError(f"there is no board {fields['board']}", f"choose one of: {', '.join(boards.names)}")
        mac = normal_mac(fields["mac"]) if fields.get("mac") else None
        row = Row(line, mac, **{name: fields[name] for name in (*REQUIRED, *OPTIONAL[1:]) if name in fields})
        board = row.board or boards.otherwise
        if board and not row.finds_network(boards.wired(board)):
            raise IdentityError(f"wifi_ssid is empty, and {board} has no other network", "fill it in")
        row.identity()
    except IdentityError as error:
        raise IdentityError(f"{path}:{line}: {error.message}", error.next_step) from None
    return row


def identity_of(row: Row, unit: Unit | None, wired: bool) -> Identity:
    """The identity of a board by its row, keeping the secrets it has already. A wired board is given none of a Wi-Fi's."""
    wanted = row.identity()
    if wired:
        wanted = replace(wanted, wifi_ssid="", wifi_psk="")
    if unit is None or unit.identity.terminal_id != row.terminal:
        return wanted
    held = unit.identity
    return replace(wanted, key=held.key, epoch=held.epoch, credentials=held.credentials)
