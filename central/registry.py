"""The registry of terminals: who they are, whose they are, and the one 32-byte key that each of them has."""

from __future__ import annotations

import json
import secrets
from typing import Any

import sqlalchemy as sa

from central import audit, schema
from central.database import now, touch
from central.errors import CentreError
from protocol.keys import KEY_BYTES
from protocol.topics import is_terminal_id

STATES = ("pending", "issued", "fenced")
# `boot` of a hello: machine.reset_cause() of MicroPython's ESP32 port
_RESETS = {1: "power", 2: "reset", 3: "watchdog", 4: "deep_sleep", 5: "soft_reset"}


def add(connection: sa.Connection, terminal: str, merchant: str, who: str, key: bytes | None = None) -> bytes:
    """Register ``terminal`` for ``merchant`` and return its key, which is made here unless one is given.

    `CentreError` when the id is malformed or taken, or the merchant is unknown.
    """
    if not is_terminal_id(terminal):
        raise CentreError(f"{terminal!r} is no terminal id", "use 1 to 16 of A-Z, 0-9 and -")
    table = schema.terminals
    if connection.scalar(sa.select(table.c.id).where(table.c.id == terminal)) is not None:
        raise CentreError(f"terminal {terminal} is registered already", "choose another id, or swap its hardware")
    _merchant(connection, merchant)
    if key is None:
        key = secrets.token_bytes(KEY_BYTES)
    elif len(key) != KEY_BYTES:
        raise CentreError(f"a terminal key has {KEY_BYTES} bytes", "let the centre make one")
    connection.execute(
        table.insert().values(id=terminal, merchant=merchant, key=key, state="pending", status={}, created_at=now())
    )
    touch(connection, "registry")
    audit.note(connection, who, "terminal.add", terminal, merchant=merchant)
    return key


def key_of(connection: sa.Connection, terminal: str) -> bytes:
    """The key of a registered terminal; `CentreError` when there is none."""
    key = connection.scalar(sa.select(schema.terminals.c.key).where(schema.terminals.c.id == terminal))
    if key is None:
        raise _unknown(terminal)
    return bytes(key)


def suspend(connection: sa.Connection, terminal: str, suspended: bool, who: str) -> None:
    """Suspend a terminal from now on, or let it serve again. Its records are taken in either way."""
    table = schema.terminals
    value = now() if suspended else None
    where = table.c.id == terminal
    if suspended:
        where &= table.c.suspended_at.is_(None)  # a second suspension does not move the first
    changed = connection.execute(table.update().where(where).values(suspended_at=value)).rowcount
    if not changed:
        if connection.scalar(sa.select(table.c.id).where(table.c.id == terminal)) is None:
            raise _unknown(terminal)
        return
    touch(connection, "registry")
    audit.note(connection, who, "terminal.suspend" if suspended else "terminal.resume", terminal)


def move(connection: sa.Connection, terminal: str, merchant: str, who: str) -> None:
    """Give a terminal to another merchant. Records it has made are its old merchant's, those that have not come yet too: it works
    for the new one from the settings on that tell it so.
    """
    _merchant(connection, merchant)
    t, p = schema.terminals.c, schema.postings
    held = connection.execute(sa.select(t.merchant, t.settings_version).where(t.id == terminal)).first()
    if held is None:
        raise _unknown(terminal)
    if held.merchant == merchant:
        return
    last = connection.scalar(sa.select(sa.func.max(p.c.settings_from)).where(p.c.terminal == terminal))
    if last is None:
        last = 0
        connection.execute(p.insert().values(terminal=terminal, settings_from=0, merchant=held.merchant))
    since = max(now(), held.settings_version + 1, last + 1)
    connection.execute(p.insert().values(terminal=terminal, settings_from=since, merchant=merchant))
    _update(connection, terminal, merchant=merchant)
    audit.note(connection, who, "terminal.move", terminal, merchant=merchant)


def set_state(connection: sa.Connection, terminal: str, state: str, who: str) -> None:
    """Move a terminal on in its life: pending, issued, fenced."""
    if state not in STATES:
        raise CentreError(f"{state!r} is no state of a terminal", f"use one of {', '.join(STATES)}")
    _update(connection, terminal, state=state)
    audit.note(connection, who, "terminal.state", terminal, state=state)


def fence(connection: sa.Connection, terminal: str, epoch_from: int, who: str) -> None:
    """From now on only epochs from ``epoch_from`` on are of the hardware that the terminal lives on; never takes one back."""
    table = schema.fences
    held = connection.scalar(sa.select(table.c.epoch_from).where(table.c.terminal == terminal))
    key_of(connection, terminal)
    if held is None:
        connection.execute(table.insert().values(terminal=terminal, epoch_from=epoch_from, since=now()))
    elif epoch_from > held:
        connection.execute(table.update().where(table.c.terminal == terminal).values(epoch_from=epoch_from, since=now()))
    else:
        return
    touch(connection, "registry")
    audit.note(connection, who, "terminal.fence", terminal, epoch_from=epoch_from)


def epochs_of(connection: sa.Connection, terminal: str) -> tuple[int, int]:
    """(latest epoch that was ever heard of, first one that may serve) of a terminal."""
    t, c, f = schema.terminals.c, schema.chains.c, schema.fences.c
    spoken = connection.scalar(sa.select(t.epoch).where(t.id == terminal)) or 0
    stored = connection.scalar(sa.select(sa.func.max(c.epoch)).where(c.terminal == terminal)) or 0
    return max(spoken, stored), connection.scalar(sa.select(f.epoch_from).where(f.terminal == terminal)) or 0


def listing(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every terminal with what it last said of itself, without its key. `last_reset` is None until it has said why."""
    t, r = schema.terminals, schema.records
    stored = sa.select(r.c.terminal, sa.func.count().label("records")).group_by(r.c.terminal).subquery()
    rows = connection.execute(
        sa.select(t, sa.func.coalesce(stored.c.records, 0).label("records"))
        .join_from(t, stored, stored.c.terminal == t.c.id, isouter=True)
        .order_by(t.c.id)
    )
    return [
        {
            "terminal": row.id,
            "merchant": row.merchant,
            "state": row.state,
            "suspended": row.suspended_at is not None,
            "online": bool((row.status or {}).get("online")),
            "last_seen": row.last_seen,
            "firmware": row.firmware,
            "board": row.board,
            "epoch": row.epoch,
            "settings": row.settings_held,
            "list": row.list_held,
            "last_reset": _RESETS.get(row.reset_cause),
            "records": row.records,
            "status": row.status,
        }
        for row in rows
    ]


def _update(connection: sa.Connection, terminal: str, **values: Any) -> None:
    table = schema.terminals
    if not connection.execute(table.update().where(table.c.id == terminal).values(**values)).rowcount:
        raise _unknown(terminal)
    touch(connection, "registry")


def _merchant(connection: sa.Connection, merchant: str) -> None:
    if connection.scalar(sa.select(schema.merchants.c.id).where(schema.merchants.c.id == merchant)) is None:
        raise CentreError(f"there is no merchant {merchant}", "import it with `cheyou merchants import FILE`")


def _unknown(terminal: str) -> CentreError:
    return CentreError(f"there is no terminal {terminal}", "see `cheyou terminals list`")


def seen(connection: sa.Connection, sightings: dict[str, dict[str, Any]]) -> None:
    """Write down what terminals said of themselves: columns of `terminals` by terminal id."""
    table = schema.terminals
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for terminal, values in sightings.items():
        alike.setdefault(tuple(sorted(values)), []).append({"of": terminal, **{f"new_{k}": v for k, v in values.items()}})
    for columns, rows in alike.items():
        update = table.update().where(table.c.id == sa.bindparam("of"))
        connection.execute(update.values({column: sa.bindparam(f"new_{column}") for column in columns}), rows)


def status_columns(fields: dict[str, Any], moment: int | None) -> dict[str, Any]:
    """The columns that a ``status`` message sets; ``moment`` None for a retained one, which says nothing of the present."""
    columns: dict[str, Any] = {"status": json.loads(json.dumps(fields))}
    if moment is not None and fields.get("online"):
        columns["last_seen"] = moment
    return columns
