"""How far the centre holds each terminal's chains: what welcomes and receipts say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from central import schema
from central.database import Database
from central.directory import Terminal

_BY_TERMINAL = sa.select(schema.chains).where(schema.chains.c.terminal.in_(sa.bindparam("terminals", expanding=True)))


@dataclass(frozen=True)
class Position:
    """The centre holds everything of one epoch up to a sequence, whose chain value (16 bytes) proves which everything."""

    upto: int
    chain: bytes


Key = tuple[str, str, int]  # terminal, stream, epoch


def load(connection: sa.Connection, terminals: Iterable[str]) -> dict[Key, Position]:
    """Every position of these terminals."""
    found = connection.execute(_BY_TERMINAL, {"terminals": sorted(set(terminals))})
    return {(row.terminal, row.stream, row.epoch): Position(row.upto, bytes(row.chain)) for row in found}


def start(terminal: Terminal, stream: str, epoch: int) -> Position:
    """Where an epoch begins, before its first record."""
    return Position(0, terminal.keys.opener(stream).genesis(epoch))


def save(connection: sa.Connection, database: Database, moved: dict[Key, Position]) -> None:
    """Write down positions that have moved."""
    if not moved:
        return
    insert = database.insert(schema.chains)
    insert = insert.on_conflict_do_update(
        index_elements=["terminal", "stream", "epoch"],
        set_={"upto": insert.excluded.upto, "chain": insert.excluded.chain},
    )
    connection.execute(
        insert,
        [
            {"terminal": terminal, "stream": stream, "epoch": epoch, "upto": position.upto, "chain": position.chain}
            for (terminal, stream, epoch), position in moved.items()
        ],
    )
