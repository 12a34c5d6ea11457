"""Giving a board its identity: the book of units, the centre's registry and the board come to agree, in that order.

Every step can be done again: a board that was interrupted anywhere ends with the same key.
"""

from __future__ import annotations

from dataclasses import replace

from provisioning.authority import Authority
from provisioning.batch import Row, identity_of
from provisioning.errors import IdentityError
from provisioning.registry import Registry
from provisioning.units import Unit, UnitStore


def enrol(mac: str, board: str, wired: bool, row: Row, store: UnitStore, registry: Registry, authority: Authority) -> Unit:
    """The unit of the board `mac` as its `row` wants it, written down and registered (`pending` when it is new).

    `wired`: whether boards of that name have a cable instead of Wi-Fi.
    """
    if row.board and row.board != board:
        raise IdentityError(f"line {row.line} wants a {row.board}, {mac} is flashed as {board}", "correct the row or the image")
    if not row.finds_network(wired):
        raise IdentityError(f"line {row.line} has no wifi_ssid, and {mac} is {board}: it has no other network", "fill it in")
    unit = store.find(mac)
    if unit is not None and unit.state == "replaced":
        unit = None  # a repaired board starts over
    if unit is not None and unit.identity.terminal_id != row.terminal:
        raise IdentityError(
            f"the board {mac} is terminal {unit.identity.terminal_id} already, line {row.line} wants {row.terminal}",
            f"correct the row, or move that terminal first: `cheyou swap {unit.identity.terminal_id} …`",
        )
    holder = store.of_terminal(row.terminal)
    if holder is not None and holder.mac != mac:
        raise IdentityError(
            f"terminal {row.terminal} is the board {holder.mac}", f"use another id, or `cheyou swap {row.terminal} …` to move it"
        )
    identity = identity_of(row, unit, wired)
    registered = registry.key_of(row.terminal)
    if registered is not None and unit is None:
        # Registered by hand: the centre has made its key.
        identity = replace(identity, key=registered)
    if identity.credentials is None:
        identity = replace(identity, credentials=authority.credentials(row.terminal))
    if unit is None:
        unit = Unit(mac, board, identity).moved_to("pending", f"provisioned as {row.terminal}")
    else:
        unit = replace(unit, identity=identity, board=board)
    store.save(unit)
    registry.enrol(row.terminal, row.merchant, identity.key)
    return unit
