"""Walks a terminal's chains again from the slots as they came: proof that what the centre holds is what the terminal wrote."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import registry, schema
from central.ingest import TABLES
from central.slots import Opener
from protocol.record import CHAIN_BYTES, Record

_AT_ONCE = 2000


def terminal(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    """One row for each chain: ``stream, epoch, records, missing, unreadable, altered, broken, ok``.

    ``missing``: sequences never received, as ranges · ``unreadable``: slots that were stored unread · ``altered``: sequences
    whose columns say something else than their slot · ``broken``: sequences whose slot does not follow the one before.
    `CentreError` for an unknown terminal.
    """
    key = registry.key_of(connection, name)
    return [row for stream in TABLES for row in _stream(connection, name, key, stream)]


def _stream(connection: sa.Connection, name: str, key: bytes, stream: str) -> list[dict[str, Any]]:
    table, held = TABLES[stream], schema.chains
    positions = {
        row.epoch: (row.upto, bytes(row.chain))
        for row in connection.execute(sa.select(held).where(held.c.terminal == name, held.c.stream == stream))
    }
    stored = set(connection.scalars(sa.select(table.c.epoch).where(table.c.terminal == name).distinct()))
    return [
        _chain(connection, table, name, Opener(key, stream), stream, epoch, positions.get(epoch))
        for epoch in sorted(stored | set(positions))
    ]


def _chain(
    connection: sa.Connection,
    table: sa.Table,
    name: str,
    opener: Opener,
    stream: str,
    epoch: int,
    position: tuple[int, bytes] | None,
) -> dict[str, Any]:
    count, last, chain = 0, 0, opener.genesis(epoch)
    missing: list[str] = []
    faults: dict[str, list[int]] = {"unreadable": [], "altered": [], "broken": []}
    while True:
        rows = connection.execute(
            sa.select(table)
            .where(table.c.terminal == name, table.c.epoch == epoch, table.c.sequence > last)
            .order_by(table.c.sequence)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            break
        for row in rows:
            slot = bytes(row.slot)
            if row.sequence != last + 1:
                missing.append(f"{last + 1}..{row.sequence - 1}")
            else:
                _look(row, opener.open([slot], chain)[0], faults)
            count, last, chain = count + 1, row.sequence, slot[:CHAIN_BYTES]
    told = position == (last, chain)
    return {
        "stream": stream,
        "epoch": epoch,
        "records": count,
        "missing": missing,
        **faults,
        "receipted": position[0] if position else 0,
        "ok": told and not missing and not any(faults.values()),
    }


def _look(row: Any, record: Any, faults: dict[str, list[int]]) -> None:
    if not isinstance(record, Record):
        faults["unreadable" if row.kind == 0 else "broken"].append(row.sequence)
    elif any(getattr(row, name) != value for name, value in record._asdict().items()):
        faults["altered"].append(row.sequence)
