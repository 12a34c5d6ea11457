"""A journal or refusals ring read from a flash image, as much of it as can be: what `cheyou rescue` and `cheyou swap` stand on.

Unlike the terminal it takes receipted records too, as far back as they are still there, and does without any sector it cannot
read: whatever is handed in twice the centre knows already. The format is docs/journal.md; the header is read by the code that
wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firmware.terminal import sector
from protocol.record import CHAIN_BYTES, SLOT_BYTES, Record, RecordError, Sealer

# Stream of the uplink → (partition, purpose of the sealer, slots at the head of a sector that are no records)
STREAMS = {"records": ("journal", b"journal", 0), "refusals": ("refusals", b"refusal", 1)}
_ERASED = b"\xff" * SLOT_BYTES
_SPOILED = bytes(SLOT_BYTES)


@dataclass(frozen=True)
class Found:
    """One slot: its place in the chain, and the record in it; None when it does not open with this key, or not at its place."""

    epoch: int
    sequence: int
    chain: bytes  # the value before it
    slot: bytes
    record: Record | None


@dataclass(frozen=True)
class Ring:
    """What was found. `damaged` counts sectors in use whose header cannot be read; of these `slots` has what says itself where it
    belongs."""

    stream: str
    slots: tuple[Found, ...]
    damaged: int

    @property
    def opened(self) -> tuple[Record, ...]:
        """The records that opened, oldest first."""
        return tuple(found.record for found in self.slots if found.record is not None)

    @property
    def last_epoch(self) -> int:
        """The latest epoch in the ring; 0 when it is empty."""
        return max((found.epoch for found in self.slots), default=0)

    def batches(self, limit: int) -> Iterator[tuple[int, int, bytes, list[bytes]]]:
        """(epoch, first sequence, chain before, slots) in order, at most `limit` slots each, never across a gap."""
        run: list[Found] = []
        for found in self.slots:
            if run and (len(run) == limit or (found.epoch, found.sequence) != (run[-1].epoch, run[-1].sequence + 1)):
                yield _batch(run)
                run = []
            run.append(found)
        if run:
            yield _batch(run)


def read(partition: bytes, key: bytes, stream: str) -> Ring:
    """The ring in a partition's bytes, opened with the terminal's 32-byte `key`."""
    _, purpose, skipped = STREAMS[stream]
    sealer = Sealer(key, purpose)
    parts: list[tuple[int, int, bytes | None, bytes]] = []  # epoch, first sequence, chain before if it is known, the sector
    damaged = 0
    for at in range(0, len(partition) - sector.SECTOR_BYTES + 1, sector.SECTOR_BYTES):
        content = partition[at : at + sector.SECTOR_BYTES]
        header = sector.decode(content)
        if header is not None:
            parts.append((header.epoch, header.first, header.chain, content))
        elif any(slot not in (_ERASED, _SPOILED) for slot in _slots(content, skipped)):
            damaged += 1
            if numbers := _numbers(sealer, content, skipped):
                parts.append((*numbers, None, content))
    found: list[Found] = []
    chain = b""
    for epoch, sequence, before, content in sorted(parts, key=lambda part: part[:2]):
        chain = before or (sealer.genesis(epoch) if sequence == 1 else chain)
        for slot in _slots(content, skipped):
            if slot == _ERASED:
                break
            if slot == _SPOILED:
                continue
            found.append(Found(epoch, sequence, chain, slot, _opened(sealer, slot, chain, epoch, sequence)))
            sequence += 1
            chain = slot[:CHAIN_BYTES]
    return Ring(stream, tuple(found), damaged)


def _slots(content: bytes, skipped: int) -> Iterator[bytes]:
    for at in range(sector.HEADER_BYTES + skipped * SLOT_BYTES, sector.SECTOR_BYTES, SLOT_BYTES):
        yield content[at : at + SLOT_BYTES]


def _numbers(sealer: Sealer, content: bytes, skipped: int) -> tuple[int, int] | None:
    """(epoch, sequence of the first record) of a sector without a header, from its first record that is legible."""
    used = [slot for slot in _slots(content, skipped) if slot not in (_ERASED, _SPOILED)]
    for place, slot in enumerate(used):
        try:
            record = sealer.peek(slot)
        except RecordError:
            continue
        return record.epoch, record.sequence - place
    return None


def _opened(sealer: Sealer, slot: bytes, chain: bytes, epoch: int, sequence: int) -> Record | None:
    try:
        record = sealer.open(slot, chain)
    except RecordError:
        return None
    return record if (record.epoch, record.sequence) == (epoch, sequence) else None


def _batch(run: list[Found]) -> tuple[int, int, bytes, list[bytes]]:
    return run[0].epoch, run[0].sequence, run[0].chain, [found.slot for found in run]
