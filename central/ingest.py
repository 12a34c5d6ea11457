"""Taking records in: each chain is continued or the difference is an incident; nothing is overwritten, nothing dropped.

What can happen to a batch of genuine slots (the message's tag has proved the sender already):

1. It continues the chain we hold: stored.
2. It repeats slots we hold, byte for byte: nothing to store, the receipt is sent again.
3. It has other bytes under numbers we hold, or starts from another chain value: a **fork**. Both versions are kept in an
   incident, nothing is stored, the receipt says what we hold.
4. It starts beyond what we hold: a **gap**. Kept in an incident, the receipt says what we hold, so that the terminal starts
   from there. If it goes on offering the same, it has nothing earlier any more (our database came from a backup, say): then
   it is taken in, marked, and the incident names what is missing. Should the missing records turn up, they are taken in too.
5. A slot cannot be opened (bytes lost on the terminal's flash): its bytes are stored in its place, unread, and shown in
   quarantine, because everything after it must not wait for it (law 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central import incidents, marks, positions, quarantine, schema
from central.database import Database
from central.directory import Directory, Terminal
from central.judgement import Judge, Row, mark
from central.positions import Position
from protocol import topics
from protocol.record import CHAIN_BYTES, REDEMPTION, REFUSAL, VOID, Record

GAP_OFFERS = 3
TABLES = {"records": schema.records, "refusals": schema.refusals}


@dataclass(frozen=True)
class Batch:
    """Up to 32 slots of one stream of a terminal, as `protocol.messages.decode_batch` has them."""

    terminal: Terminal
    stream: str
    epoch: int
    first: int
    chain: bytes
    slots: list[bytes]
    received_at: int

    @property
    def last(self) -> int:
        """The sequence of the last slot."""
        return self.first + len(self.slots) - 1

    @property
    def key(self) -> positions.Key:
        """Which chain it belongs to."""
        return self.terminal.id, self.stream, self.epoch


@dataclass(frozen=True)
class Receipt:
    """What the centre holds of a chain, to be told to the terminal once the transaction has committed."""

    terminal: Terminal
    stream: str
    epoch: int
    position: Position


class Intake:
    """Takes in a group of batches, from any number of terminals, inside one transaction of the caller's."""

    def __init__(self, connection: sa.Connection, database: Database, directory: Directory) -> None:
        self._connection = connection
        self._database = database
        self._directory = directory
        self._positions: dict[positions.Key, Position] = {}
        self._moved: dict[positions.Key, Position] = {}
        self._fresh: dict[tuple[positions.Key, int], bytes] = {}
        self._rows: dict[str, list[tuple[Row, Terminal]]] = {"records": [], "refusals": []}
        self._filled: dict[tuple[str, int], list[int]] = {}  # fills of gaps: what took them back may be here
        self._oddities: list[quarantine.Oddity] = []

    def take(self, batches: list[Batch]) -> list[Receipt]:
        """Store what the batches hold; a receipt for each. The receipts are true only after the caller's commit."""
        self._positions = positions.load(self._connection, (batch.terminal.id for batch in batches))
        told = [self._place(batch) for batch in batches]
        Judge(self._connection, self._directory, self._rows["records"]).judge()
        for stream, rows in self._rows.items():
            if rows:
                self._connection.execute(TABLES[stream].insert(), [row for row, _ in rows])
        self._void()
        positions.save(self._connection, self._database, self._moved)
        if self._oddities:
            quarantine.keep(self._connection, self._database, self._oddities)
        return [
            Receipt(batch.terminal, batch.stream, batch.epoch, repeated or self._position(batch))
            for batch, repeated in zip(batches, told, strict=True)
        ]

    def _position(self, batch: Batch) -> Position:
        held = self._positions.get(batch.key)
        if held is None:
            held = self._positions[batch.key] = positions.start(batch.terminal, batch.stream, batch.epoch)
        return held

    def _place(self, batch: Batch) -> Position | None:
        """Take a batch in; what to say instead of how far we are, where that would not be understood.

        Records of an epoch that ended with the hardware lie on two of them, and the old one may have gone on longer: the new
        one can check a receipt only for what it holds itself.
        """
        position = self._position(batch)
        after_gap = batch.first > position.upto + 1
        held: dict[int, bytes] = {}
        if after_gap:
            if self._incident(incidents.GAP, batch, []) < GAP_OFFERS:
                return None
            incidents.taken(self._connection, *batch.key, batch.first)
        else:
            held = self._held(batch, position)
            if self._forks(batch, position, held):
                self._incident(incidents.FORK, batch, [held[sequence] for sequence in sorted(held)])
                return None
        end = Position(batch.last, batch.slots[-1][:CHAIN_BYTES])
        if all(sequence in held for sequence in range(batch.first, batch.last + 1)):
            return end if batch.epoch < batch.terminal.epoch_from else None
        self._add(batch, held, after_gap)
        if batch.last > position.upto:
            self._positions[batch.key] = self._moved[batch.key] = end
        return None

    def _held(self, batch: Batch, position: Position) -> dict[int, bytes]:
        """Slots we hold from the one before the batch to its last, by sequence; none when the batch just goes on."""
        if batch.first > position.upto and batch.chain == position.chain:
            return {}
        table = TABLES[batch.stream]
        found = self._connection.execute(
            sa.select(table.c.sequence, table.c.slot).where(
                table.c.terminal == batch.terminal.id,
                table.c.epoch == batch.epoch,
                table.c.sequence.between(batch.first - 1, batch.last),
            )
        )
        held = {row.sequence: bytes(row.slot) for row in found}
        for sequence in range(batch.first - 1, batch.last + 1):
            slot = self._fresh.get((batch.key, sequence))
            if slot is not None:
                held[sequence] = slot
        return held

    def _forks(self, batch: Batch, position: Position, held: dict[int, bytes]) -> bool:
        for at, slot in enumerate(batch.slots):
            if held.get(batch.first + at, slot) != slot:
                return True
        if batch.first in held:
            return False
        if batch.first == position.upto + 1:
            return batch.chain != position.chain
        if batch.first == 1:
            return batch.chain != batch.terminal.keys.opener(batch.stream).genesis(batch.epoch)
        before = held.get(batch.first - 1)
        return before is not None and batch.chain != before[:CHAIN_BYTES]

    def _incident(self, kind: str, batch: Batch, held: list[bytes]) -> int:
        return incidents.note(
            self._connection,
            kind=kind,
            terminal=batch.terminal.id,
            stream=batch.stream,
            epoch=batch.epoch,
            first=batch.first,
            chain_before=batch.chain,
            offered=batch.slots,
            held=held,
            moment=batch.received_at,
        )

    def _add(self, batch: Batch, held: dict[int, bytes], after_gap: bool) -> None:
        opened = batch.terminal.keys.opener(batch.stream).open(batch.slots, batch.chain)
        for at, (slot, record) in enumerate(zip(batch.slots, opened, strict=True)):
            sequence = batch.first + at
            if sequence in held:
                continue
            row = _row(batch, sequence, slot)
            fault = _fault(record, batch, sequence)
            if fault is None and isinstance(record, Record):
                row.update(record._asdict())
                row["merchant"] = batch.terminal.merchant_under(record.offer_version).id
                mark(row, batch.terminal, batch.received_at)
            else:
                row["marks"] |= marks.UNREADABLE
                self._unreadable(batch, sequence, slot, fault)
            if after_gap and not at:
                row["marks"] |= marks.AFTER_GAP
            if row["kind"] == REDEMPTION and sequence < self._position(batch).upto:
                self._filled.setdefault((batch.terminal.id, batch.epoch), []).append(sequence)
            self._fresh[batch.key, sequence] = slot
            self._rows[batch.stream].append((row, batch.terminal))

    def _unreadable(self, batch: Batch, sequence: int, slot: bytes, fault: str | None) -> None:
        topic = topics.up(batch.terminal.id, batch.stream)
        reason = f"{batch.epoch}/{sequence}: {fault}"
        self._oddities.append(quarantine.Oddity.of(batch.received_at, topic, reason, slot, batch.terminal.id))

    def _void(self) -> None:
        """Mark redemptions that a void takes back. A void that links to nothing stays a record all the same."""
        table = schema.records
        voids = [dict(row) for row, _ in self._rows["records"] if row["kind"] == VOID]
        for (terminal, epoch), sequences in self._filled.items():
            came_first = sa.select(table.c.terminal, table.c.link_epoch, table.c.link).where(
                table.c.terminal == terminal, table.c.kind == VOID, table.c.link_epoch == epoch, table.c.link.in_(sequences)
            )
            voids += [dict(row._mapping) for row in self._connection.execute(came_first)]
        if voids:
            self._connection.execute(
                table.update()
                .where(
                    table.c.terminal == sa.bindparam("of_terminal"),
                    table.c.epoch == sa.bindparam("of_epoch"),
                    table.c.sequence == sa.bindparam("of_sequence"),
                )
                .values(voided=True),
                [{"of_terminal": row["terminal"], "of_epoch": row["link_epoch"], "of_sequence": row["link"]} for row in voids],
            )


def _fault(record: Any, batch: Batch, sequence: int) -> str | None:
    """Why what was opened is not the record that belongs here, or None when it is."""
    if not isinstance(record, Record):
        return str(record)
    if (record.epoch, record.sequence) != (batch.epoch, sequence):
        return f"says it is {record.epoch}/{record.sequence}"
    if (record.kind == REFUSAL) != (batch.stream == "refusals"):
        return f"kind {record.kind} among the {batch.stream}"
    return None


def _row(batch: Batch, sequence: int, slot: bytes) -> Row:
    row = dict(_BLANK)
    row.update(
        terminal=batch.terminal.id,
        merchant=batch.terminal.merchant.id,
        epoch=batch.epoch,
        sequence=sequence,
        time=batch.received_at,
        slot=slot,
        received_at=batch.received_at,
    )
    return row


_BLANK: Row = {
    column.name: None if column.nullable else 0 for column in schema.records.columns if column.name not in ("id", "voided")
}
