"""The bench's own book of units: which board is which terminal, with the secrets needed to make it again.

The boot code of an ESP32 erases NVS on some faults, so what is written there must be kept elsewhere. One file a unit, named
by its MAC, readable by its owner alone.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from provisioning.errors import IdentityError
from provisioning.identity import Credentials, Identity
from provisioning.private_files import write_private

# pending: has an identity, not yet tested · issued: self-test passed, may go out · replaced: its terminal lives on another board
STATES = ("pending", "issued", "replaced")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def normal_mac(text: str) -> str:
    """A MAC as `24:6f:28:00:00:01`, from any usual spelling; `IdentityError` when it is none."""
    digits = re.sub(r"[:.\-\s]", "", text).lower()
    mac = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    if not _MAC.fullmatch(mac):
        raise IdentityError(f"{text!r} is no MAC address", "write it as 24:6f:28:00:00:01")
    return mac


@dataclass(frozen=True)
class Unit:
    """One board that is a terminal. `history` are (Unix seconds, what happened)."""

    mac: str
    board: str
    identity: Identity
    state: str = "pending"
    history: tuple[tuple[int, str], ...] = field(default=())

    def moved_to(self, state: str, why: str) -> Unit:
        """The unit in another state, with that in its history."""
        return replace(self, state=state, history=(*self.history, (int(time.time()), f"{state}: {why}")))


class UnitStore:
    """The book, in a folder. Every change is on disk when the method returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, mac: str) -> Unit | None:
        """The unit with this MAC."""
        try:
            return _unit(json.loads(self._path(mac).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise IdentityError(f"the unit file {self._path(mac)} is damaged ({error})", "restore it from a backup") from None

    def of_terminal(self, terminal_id: str) -> Unit | None:
        """The unit that is this terminal now."""
        units = [u for u in self if u.identity.terminal_id == terminal_id and u.state != "replaced"]
        return units[0] if units else None

    def save(self, unit: Unit) -> None:
        """Write a unit down."""
        write_private(self._path(unit.mac), json.dumps(_stored(unit), indent=1).encode())

    def __iter__(self) -> Iterator[Unit]:
        for path in sorted(self._folder.glob("*.json")):
            unit = self.find(normal_mac(path.stem))
            if unit is not None:
                yield unit

    def _path(self, mac: str) -> Path:
        return self._folder / f"{mac.replace(':', '')}.json"


def _stored(unit: Unit) -> dict[str, Any]:
    identity = asdict(unit.identity) | {"key": unit.identity.key.hex()}
    if unit.identity.credentials:
        identity["credentials"] = {name: value.hex() for name, value in asdict(unit.identity.credentials).items()}
    return {"mac": unit.mac, "board": unit.board, "state": unit.state, "identity": identity, "history": unit.history}


def _unit(stored: dict[str, Any]) -> Unit:
    identity = dict(stored["identity"])
    identity["key"] = bytes.fromhex(identity["key"])
    if identity.get("credentials"):
        identity["credentials"] = Credentials(**{k: bytes.fromhex(v) for k, v in identity["credentials"].items()})
    if stored["state"] not in STATES:
        raise ValueError(f"state {stored['state']!r}")
    history = tuple((int(at), str(what)) for at, what in stored["history"])
    return Unit(stored["mac"], stored["board"], Identity(**identity), stored["state"], history)
