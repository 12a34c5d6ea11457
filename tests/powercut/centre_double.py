"""A centre in thirty lines: takes batches, checks chains, gives receipts, and knows what it holds.

It imitates what the terminal can tell from outside. Not imitated: databases, commits that fail, quarantine, time.
"""

from __future__ import annotations

from protocol.record import CHAIN_BYTES, Record, RecordError, Sealer
from tests.powercut.ledger import Ledger
from tests.powercut.scenario import Fault

Batch = tuple[int, int, bytes, list[bytes]]


class CentreDouble:
    """What it holds is kept in the ledger under `stored`, because the terminal's power cuts do not touch it."""

    def __init__(self, sealer: Sealer, ledger: Ledger, gaps: bool = False) -> None:
        self._sealer = sealer
        self._ledger = ledger
        self._gaps = gaps  # the refusals' ring may leave some out
        self.held: dict[tuple[int, int], tuple[bytes, Record]] = {}
        for epoch, sequence, slot, record in ledger.all("stored"):
            self.held[epoch, sequence] = slot, record

    def take(self, batch: Batch) -> tuple[int, int, bytes]:
        """Store a batch; the receipt for it. `Fault` when a record is not genuine, not the next, or other than before."""
        epoch, sequence, chain, slots = batch
        before = self.held.get((epoch, sequence - 1))
        if before:
            if before[0][:CHAIN_BYTES] != chain:
                raise Fault("doubled", f"batch from {epoch}/{sequence} follows another record than the one the centre holds")
        elif sequence == 1:
            if chain != self._sealer.genesis(epoch):
                raise Fault("wrong", f"epoch {epoch} does not begin with its genesis")
        elif not self._gaps:
            raise Fault("lost", f"batch begins at {epoch}/{sequence}, and the centre does not hold the one before")
        for slot in slots:
            known = self.held.get((epoch, sequence))
            if known and known[0] == slot:
                chain = slot[:CHAIN_BYTES]
                sequence += 1
                continue
            if known:
                raise Fault("doubled", f"two records have the number {epoch}/{sequence}")
            try:
                record = self._sealer.open(slot, chain)
            except RecordError as error:
                raise Fault("lost", f"record {epoch}/{sequence}: {error}") from error
            if (record.epoch, record.sequence) != (epoch, sequence):
                raise Fault("wrong", f"record {record.epoch}/{record.sequence} sent as {epoch}/{sequence}")
            self.held[epoch, sequence] = slot, record
            self._ledger.note("stored", (epoch, sequence, slot, record))
            chain = slot[:CHAIN_BYTES]
            sequence += 1
        return epoch, sequence - 1, chain
