"""Chains as a terminal seals them, for tests that hand batches straight to the intake."""

from __future__ import annotations

import time
from typing import Any

from central.database import now
from central.directory import Terminal
from central.ingest import Batch
from protocol.month import month_of
from tests.wire_terminal import WireJournal

MEMBER = 13_800_138_000


def journal(key: bytes, count: int, stream: str = "records", epoch: int = 1, **fields: Any) -> WireJournal:
    """A chain of ``count`` redemptions (or refusals)."""
    made = WireJournal(key, b"journal" if stream == "records" else b"refusal", epoch)
    for _ in range(count):
        append(made, kind=1 if stream == "records" else 9, **fields)
    return made


def append(made: WireJournal, **fields: Any) -> int:
    """One more record with sensible fields."""
    moment = int(fields.get("time", time.time()))
    return made.append(**{"time": moment, "month": month_of(moment), "member": MEMBER, "tier": 2, "offer": 1} | fields)


def batch(terminal: Terminal, made: WireJournal, first: int, last: int, stream: str = "records", at: int | None = None) -> Batch:
    """The slots ``first`` to ``last`` of a chain, as they would come in one message."""
    slots = made.slots[first - 1 : last]
    return Batch(terminal, stream, made.epoch, first, made.before(first), slots, now() if at is None else at)
