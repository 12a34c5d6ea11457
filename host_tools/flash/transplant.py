"""A terminal's move to other hardware: what the spare is to hold, made from what the old board held.

Journal and refusals go over as they lie, sector by sector, so that nothing can be lost in translation; then a new epoch is
begun in them, by the terminal's own code. Everything from that epoch on is of the new hardware, everything before of the old.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware.terminal.journal import Journal, JournalFull
from firmware.terminal.refusals import Refusals
from firmware.terminal.ring import JournalForeign
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash.kept_files import KEPT, files_of, with_files
from host_tools.flash.memory_partition import MemoryPartition
from host_tools.flash.rescue import Salvage
from host_tools.flash.target import SECTOR, Part
from protocol.record import Sealer

# Between the epochs of old and new hardware: the old one begins a new epoch of its own whenever its journal is lost.
EPOCH_STEP = 100
LAST_EPOCH = 0xFFFF


@dataclass(frozen=True)
class Transplant:
    """`parts` in the order to write them; `waiting` records without a receipt are among them."""

    parts: tuple[Part, ...]
    epoch: int
    waiting: int


def next_epoch(heard: int, fence: int, held: int) -> int:
    """The epoch new hardware begins with: `heard` the centre's latest, `fence` the first that may serve now, `held` the old
    board's latest. An interrupted move that has fenced already goes on with the same one."""
    if fence > max(heard, held):
        return fence
    epoch = max(heard, held) + EPOCH_STEP
    if epoch > LAST_EPOCH:
        raise CheYouError("this terminal has been moved too often", "register the spare as a new terminal")
    return epoch


def make(salvage: Salvage, key: bytes, board: Board, epoch: int, spare_files: bytes) -> Transplant:
    """What a spare of kind `board`, whose file system now holds `spare_files`, has to hold beside its identity."""
    parts = []
    waiting = 0
    for label, kind, purpose in (("journal", Journal, b"journal"), ("refusals", Refusals, b"refusal")):
        partition = board.partition(label)
        ring = MemoryPartition(salvage.partition(label))
        if len(ring.content) != partition.size:
            raise CheYouError(
                f"the old board's {label} has {len(ring.content):,} bytes, a {board.name} has {partition.size:,}",
                "take a spare of the same kind, or hand the records in (`cheyou rescue --hand-in`) and provision a new terminal",
            )
        count = _begin(kind, ring, Sealer(key, purpose), epoch, label)
        waiting += count if label == "journal" else 0
        parts.append(Part(label, partition.offset, bytes(ring.content)))
    kept = {path: content for path, content in (files_of(salvage.partition("vfs")) or {}).items() if path.startswith(KEPT + "/")}
    merged = with_files(spare_files, kept)
    if merged is not None:
        content = merged.rstrip(b"\xff")
        parts.append(Part("vfs", board.partition("vfs").offset, content + b"\xff" * (-len(content) % SECTOR)))
    return Transplant(tuple(parts), epoch, waiting)


def _begin(kind: type[Journal], ring: MemoryPartition, sealer: Sealer, epoch: int, label: str) -> int:
    """Begin `epoch` in a ring; how many of its records wait for a receipt."""
    try:
        journal = kind(ring, sealer, lambda _above: epoch)
        if journal.epoch != epoch:
            # What the terminal does when it cannot go on with a chain; here its hardware cannot.
            journal._start_epoch(epoch)
        waiting, begun = int(journal.waiting), kind(ring, sealer, lambda _above: 0).epoch
    except (JournalForeign, JournalFull) as fault:
        raise CheYouError(
            f"the old board's {label} cannot be carried on ({fault})",
            "hand its records in with `cheyou rescue --hand-in` and provision a new terminal",
        ) from None
    if begun != epoch:
        raise CheYouError(
            f"the old board's {label} is full to the last sector",
            "hand its records in first with `cheyou rescue --hand-in`, let it connect once, or provision a new terminal",
        )
    return waiting
