"""Handing rescued records in at the centre, by the same door as those that came over the network.

What the centre holds already is recognised and passed over; what differs from it becomes an incident, as ever.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from central import directory, schema
from central.database import Database, now
from central.ingest import GAP_OFFERS, Batch, Intake
from protocol.messages import MAX_SLOTS
from provisioning.errors import IdentityError
from provisioning.ring_image import Ring

_GROUP = 64


def hand_in(database: Database, terminal_id: str, rings: Iterable[Ring]) -> dict[str, int]:
    """Give the rings' slots to the centre; how many records of each stream it did not have before."""
    with database.read() as connection:
        current = directory.load(connection)
    terminal = current.terminals.get(terminal_id)
    if terminal is None:
        raise IdentityError(f"terminal {terminal_id} is not registered", "see `cheyou terminals list`")
    added = {}
    for ring in rings:
        before = _held(database, terminal_id, ring.stream)
        batches = [
            Batch(terminal, ring.stream, epoch, first, chain, slots, now())
            for epoch, first, chain, slots in ring.batches(MAX_SLOTS)
        ]
        for at in range(0, len(batches), _GROUP):
            with database.write() as connection:
                for batch in batches[at : at + _GROUP]:
                    _offer(connection, database, current, batch)
        added[ring.stream] = _held(database, terminal_id, ring.stream) - before
    return added


def _offer(connection: sa.Connection, database: Database, current: directory.Directory, batch: Batch) -> None:
    """Give a batch in; one that follows a gap as often as it takes, because the flash has nothing that would fill it."""
    for _ in range(GAP_OFFERS):
        if Intake(connection, database, current).take([batch])[0].position.upto >= batch.last:
            return


def _held(database: Database, terminal_id: str, stream: str) -> int:
    table = schema.records if stream == "records" else schema.refusals
    with database.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).where(table.c.terminal == terminal_id)) or 0)
