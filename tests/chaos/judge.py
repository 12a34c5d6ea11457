"""Set equality: what the displays called saved, what the journals hold and what the centre holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from central import incidents, schema, verify
from central.database import Database
from central.ingest import TABLES


@dataclass
class Verdict:
    """`lost`: called saved by a display, and the centre does not hold its very bytes. `doubled`: held more than once, or held
    and in no journal. `unsound`: anything else that must not be, in words."""

    saved: int = 0
    held: int = 0
    lost: int = 0
    doubled: int = 0
    unsound: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        return not (self.lost or self.doubled or self.unsound)


Slots = Mapping[int, bytes]


def compare(verdict: Verdict, name: str, saved: Slots, journal: Slots, held: list[tuple[int, bytes]]) -> None:
    """One chain: sequence -> slot as displayed and as in flash; rows as the centre holds them."""
    rows = dict(held)
    verdict.saved += len(saved)
    verdict.held += len(held)
    lost = [sequence for sequence, slot in saved.items() if rows.get(sequence) != slot]
    extra = Counter(sequence for sequence, _ in held)
    doubled = [sequence for sequence, count in extra.items() if count > 1 or sequence not in journal]
    altered = [sequence for sequence, slot in journal.items() if rows.get(sequence, slot) != slot]
    missing = [sequence for sequence in journal if sequence not in rows and sequence not in saved]
    verdict.lost += len(lost)
    verdict.doubled += len(doubled)
    for what, found in (("lost", lost), ("doubled", doubled), ("altered", altered), ("not taken in", missing)):
        if found:
            verdict.unsound.append(f"{name}: {len(found)} {what}, the first {found[0]}")


def held_of(database: Database, terminal: str, stream: str = "records") -> list[tuple[int, bytes]]:
    """(sequence, slot) of every row of a chain, as often as it is there."""
    table = TABLES[stream]
    with database.read() as connection:
        found = connection.execute(sa.select(table.c.sequence, table.c.slot).where(table.c.terminal == terminal))
        return [(row.sequence, bytes(row.slot)) for row in found]


def chains(verdict: Verdict, database: Database, terminals: list[str]) -> None:
    """Every chain walks through again; nothing was an incident, nothing in quarantine, nobody else has sent records."""
    with database.read() as connection:
        for terminal in terminals:
            for row in verify.terminal(connection, terminal):
                if not row["ok"] or (row["stream"] == "records" and row["epoch"] != 1):
                    verdict.unsound.append(f"{terminal}: chain {row}")
        for incident in incidents.listing(connection):
            verdict.unsound.append(f"incident {incident}")
        for row in connection.execute(sa.select(schema.quarantine)):
            verdict.unsound.append(f"quarantine {row}"[:300])
        strangers = set(connection.scalars(sa.select(schema.records.c.terminal).distinct())) - set(terminals)
        if strangers:
            verdict.unsound.append(f"records of terminals that sent none: {sorted(strangers)}")
