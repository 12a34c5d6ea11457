"""The swap: a terminal moves to a spare, with identity, settings, totals and every record that still waits.

    read the old board → write the spare, verified → fence the old epochs at the centre → take the old board's identity away

In this order nothing is lost wherever it is interrupted, and running it again goes on from there. The old board keeps its
records until someone erases them by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from central import registry as central_registry
from central.audit import operator
from central.database import Database
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash import identity_part, plan, probe, rescue, transplant
from host_tools.flash.bench import Bench
from host_tools.flash.link import Link
from host_tools.flash.ports import Port
from host_tools.flash.rescue import Salvage
from host_tools.flash.transplant import Transplant
from host_tools.flash.writer import carry_out
from provisioning import ring_image
from provisioning.identity import Credentials, Identity
from provisioning.units import Unit

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Moved:
    """What was done."""

    terminal: str
    mac: str  # of the spare
    epoch: int
    waiting: int
    old_board_cleared: bool


def move(old: Port | Salvage, spare: Port, terminal: str | None, bench: Bench, database: Database, report: Report) -> Moved:
    """Move the terminal of `old` (a port, or what was rescued of it) to the board on `spare`; see the module."""
    salvage = old if isinstance(old, Salvage) else rescue.from_board(old, bench.adapters, report, restart=False)
    if salvage.mac:
        rescue.save(salvage, bench.folder / "rescued")
    name = salvage.terminal or terminal
    if name is None:
        raise CheYouError("the old flash does not say whose it is", "name the terminal with --terminal")
    identity = _identity(salvage, name, bench, database)
    with database.read() as connection:
        heard, fence = central_registry.epochs_of(connection, name)
    held = max(
        [_number(salvage.identity.get("epoch")), *(salvage.ring(s, identity.key).last_epoch for s in ("records", "refusals"))]
    )
    epoch = transplant.next_epoch(heard, fence, held)
    identity = dataclasses.replace(identity, epoch=epoch)
    with Link.open(spare, bench.adapters.rates(spare.adapter)) as link:
        board = probe.require_board(link)
        if not board.ethernet and not identity.wifi_ssid:
            raise CheYouError(
                f"the spare on {spare.device} has Wi-Fi alone, and terminal {name} is wired: it knows no Wi-Fi",
                "take a spare with Ethernet (`cheyou boards`)",
            )
        _check_spare(link, board, name, salvage)
        vfs = board.partition("vfs")
        graft = transplant.make(salvage, identity.key, board, epoch, link.read(vfs.offset, vfs.size))
        _write(link, board, graft, identity, report)
        mac = link.mac
        with database.write() as connection:
            central_registry.fence(connection, name, epoch, operator())
        _note(bench, name, mac, board, identity, salvage)
        link.run()
    cleared = isinstance(old, Port)
    if isinstance(old, Port):
        _clear(old, bench, report)
    return Moved(name, mac, epoch, graft.waiting, cleared)


def _identity(salvage: Salvage, name: str, bench: Bench, database: Database) -> Identity:
    """The identity on the old flash, or, where that is gone, the one in the book of units."""
    unit = bench.units.of_terminal(name)
    values = salvage.identity
    if isinstance(values.get("key"), bytes) and values.get("id") == name.encode():
        credentials = None
        if all(isinstance(values.get(k), bytes) for k in ("cert", "cert_key", "ca")):
            credentials = Credentials(_bytes(values, "cert"), _bytes(values, "cert_key"), _bytes(values, "ca"))
        identity = Identity(
            name, _text(values, "mqtt_url"), _text(values, "http_url"), _text(values, "wifi_ssid"), _text(values, "wifi_psk"),
            key=_bytes(values, "key"), merchant=_text(values, "merchant"), credentials=credentials,
        )  # fmt: skip
    elif unit is not None:
        identity = unit.identity
    else:
        raise CheYouError(f"terminal {name} is in no book here", "run this where it was provisioned, or provision a new terminal")
    with database.read() as connection:
        registered = central_registry.key_of(connection, name)
    if registered != identity.key:
        raise CheYouError(f"the centre knows terminal {name} by another key", "is this flash older than the last swap?")
    return identity


def _check_spare(link: Link, board: Board, name: str, salvage: Salvage) -> None:
    """Nothing may be on the spare that would be lost: neither another terminal nor records that the old board has not."""
    if link.mac == salvage.mac:
        raise CheYouError("old and new are the same board", "plug the spare into the other port")
    device = link.port.device
    free = f"`cheyou flash --port {device} --board {board.name} --erase"
    held = identity_part.present(link, board)
    if held.get("id") not in (None, name.encode()):
        raise CheYouError(
            f"the spare on {device} is terminal {_text(held, 'id')}", f"take another spare, or free this one: {free} nvs`"
        )
    for stream, (label, _, _) in ring_image.STREAMS.items():
        partition = board.partition(label)
        if plan.is_blank(link, partition.offset, partition.size):
            continue
        ring = ring_image.read(link.read(partition.offset, partition.size), b"", stream)
        known = {found.slot for found in salvage.ring(stream, b"").slots}
        more = sum(found.slot not in known for found in ring.slots)
        if more or ring.damaged:
            raise CheYouError(
                f"the spare on {device} holds {more} {stream} that the old board has not",
                f"take another spare, or hand them in (`cheyou rescue --port {device} --hand-in`) and then {free} {label}`",
            )


def _write(link: Link, board: Board, graft: Transplant, identity: Identity, report: Report) -> None:
    """Erase the spare's own partitions, write the old ones and, last of all, the identity."""
    todo = plan.Plan(ours_before=False)
    for label in ("nvs", "journal", "refusals", "list_a", "list_b"):
        partition = board.partition(label)
        if not plan.is_blank(link, partition.offset, partition.size):
            todo.erases.append(partition)
    for part in graft.parts:
        todo.writes.append(dataclasses.replace(part, data=_used(part.data)))
    identity_part.add_to(todo, board, identity, {})
    carry_out(link, todo, report)
    for part in graft.parts:
        if not link.holds(part.offset, part.data):
            raise CheYouError(f"the spare's {part.name} is not what was written", "take another spare: its flash is bad")


def _used(data: bytes) -> bytes:
    """Without the erased end, in whole sectors: what is erased is erased already."""
    content = data.rstrip(b"\xff")
    return content + b"\xff" * (-len(content) % 4096) if content else data[:4096]


def _note(bench: Bench, name: str, mac: str, board: Board, identity: Identity, salvage: Salvage) -> None:
    before = bench.units.of_terminal(name)
    if before is not None and before.mac != mac:
        bench.units.save(before.moved_to("replaced", f"{name} moved to {mac}"))
    was = bench.units.find(mac)
    history = was.history if was else ()
    unit = Unit(mac, board.name, identity, history=history).moved_to(
        "pending", f"{name} moved here from {salvage.mac or 'its flash'}"
    )
    bench.units.save(unit)


def _clear(old: Port, bench: Bench, report: Report) -> None:
    """Take the old board's identity: it shows that it is not provisioned, and is a spare once its records are erased."""
    report(1.0, "clearing the old board")
    with Link.open(old, bench.adapters.rates(old.adapter)) as link:
        partition = probe.require_board(link).partition("nvs")
        link.erase(partition.offset, partition.size)
        link.run()


def _text(values: dict[str, int | bytes], key: str) -> str:
    return _bytes(values, key).decode("utf-8", "replace")


def _bytes(values: dict[str, int | bytes], key: str) -> bytes:
    value = values.get(key, b"")
    return value if isinstance(value, bytes) else b""


def _number(value: int | bytes | None) -> int:
    return value if isinstance(value, int) else 0
