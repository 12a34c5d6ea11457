"""What has to be done to a board, found out by comparing: nothing that is right already is written again.

The cases, by the partition table found on the board:

1. Ours: the terminal's own partitions stay; the rest is compared chunk by chunk.
2. Another one of ours (a board file was changed): its own partitions lie elsewhere. Refused while anything is in the old
   journal or refusals, unless told by name to erase them.
3. None, or a stranger's: whatever lies where our own partitions will be is erased, unless it is records of ours after all.

The table is written last of all, so that a board left half-way is still case 3 (or 1, when it was ours before).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from host_tools import partition_table
from host_tools.boards import Board, Partition
from host_tools.errors import CheYouError
from host_tools.flash import kept_files
from host_tools.flash.link import Link
from host_tools.flash.target import OWNED, SECTOR, Part, Target
from provisioning import ring_image

CHUNK = 0x10000
RECORDS = ("journal", "refusals")


@dataclass
class Plan:
    """`erases` come first, then `writes` in order. `kept` names what was left alone on purpose."""

    erases: list[Partition] = field(default_factory=list)
    writes: list[Part] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    ours_before: bool = False

    @property
    def bytes_to_write(self) -> int:
        """How much the writes come to."""
        return sum(len(part.data) for part in self.writes)


def check_board(link: Link, board: Board) -> None:
    """`CheYouError` when `board`'s image cannot run on what is connected."""
    if link.chip != board.chip:
        raise CheYouError(
            f"the board on {link.port.device} ({link.mac}) has another chip: {link.chip}, the image is for {board.chip}",
            f"use a {board.title}, or build for this one: `cheyou boards` lists them",
        )
    if link.flash_bytes < board.flash_bytes:
        raise CheYouError(
            f"the board on {link.port.device} ({link.mac}) has {link.flash_bytes >> 20} MB of flash, {board.name} needs "
            f"{board.flash_bytes >> 20} MB",
            "use a board with more flash, or the image of a smaller board: `cheyou boards` lists them",
        )


def make(link: Link, target: Target, erase: Collection[str] = ()) -> Plan:
    """The plan for the board behind `link`; `erase` names partitions of the terminal's own that are to be given up."""
    check_board(link, target.board)
    table = found_table(link)
    ours = [p for p in target.board.partitions if p.label in OWNED]
    plan = Plan(ours_before=table is not None and all(p in table for p in ours))
    if plan.ours_before:
        for partition in ours:
            (plan.erases.append(partition) if partition.label in erase else plan.kept.append(partition.label))
    else:
        _refuse_to_lose(link, table or [], erase)
        _refuse_without_table(link, target.board, erase)
        plan.erases += [p for p in ours if not is_blank(link, p.offset, p.size)]
    if not target.has_micropython and (not plan.ours_before or is_blank(link, 0x1000, SECTOR)):
        raise CheYouError(
            f"the board on {link.port.device} has no MicroPython of ours, and neither has the image",
            "run this again with --firmware FILE, or where there is a network",
        )
    for part in target.parts:
        plan.writes += _differences(link, part, target, plan.ours_before)
    return plan


def found_table(link: Link) -> list[Partition] | None:
    """The partition table on the board; None when there is none that is sound."""
    try:
        return partition_table.decode(link.table[: partition_table.SIZE])
    except CheYouError:
        return None


def _refuse_to_lose(link: Link, table: list[Partition], erase: Collection[str]) -> None:
    """Records under a table of ours with another layout would be erased unseen."""
    for partition in table:
        if partition.label in RECORDS and partition.label not in erase and not is_blank(link, partition.offset, partition.size):
            raise CheYouError(
                f"the board on {link.port.device} ({link.mac}) keeps its {partition.label} elsewhere than the new image would, "
                "and it is not empty",
                f"save it with `cheyou rescue --port {link.port.device}`, then run this again with --erase {partition.label}",
            )


def _refuse_without_table(link: Link, board: Board, erase: Collection[str]) -> None:
    """A table can be lost, to a bad bit or to somebody's `esptool write-flash`, with the records still there."""
    for stream, (label, _, _) in ring_image.STREAMS.items():
        partition = board.partition(label)
        if label in erase or is_blank(link, partition.offset, partition.size):
            continue
        found = ring_image.read(link.read(partition.offset, partition.size), b"", stream).slots
        if found:
            raise CheYouError(
                f"the board on {link.port.device} ({link.mac}) has lost its partition table, but holds {len(found)} {stream}",
                f"save them with `cheyou rescue --port {link.port.device} --board {board.name} --terminal …`, "
                f"then run this again with --erase {label}",
            )


def _differences(link: Link, part: Part, target: Target, ours_before: bool) -> Iterator[Part]:
    if part.name == "vfs" and ours_before:
        yield from _new_files(link, part, target.board)
        return
    chunks = [(at, part.data[at : at + CHUNK]) for at in range(0, len(part.data), CHUNK)]
    if is_blank(link, part.offset, SECTOR):
        # Never begun: comparing all of it would only cost time.
        yield part
        return
    wrong = [at for at, chunk in chunks if not link.holds(part.offset + at, chunk)]
    for start, end in _runs(wrong):
        yield Part(part.name, part.offset + start, part.data[start:end])


def _new_files(link: Link, part: Part, board: Board) -> Iterator[Part]:
    if link.holds(part.offset, part.data):
        return
    partition = board.partition("vfs")
    present = link.read(partition.offset, partition.size)
    image = kept_files.carried_over(part.data.ljust(partition.size, b"\xff"), present)
    if image is not None:
        content = image.rstrip(b"\xff")
        yield Part(part.name, part.offset, content + b"\xff" * (-len(content) % SECTOR))


def _runs(starts: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring chunks as one stretch (start, end)."""
    run: list[int] = []
    for start in starts:
        if run and start != run[-1] + CHUNK:
            yield run[0], run[-1] + CHUNK
            run = []
        run.append(start)
    if run:
        yield run[0], run[-1] + CHUNK


_BLANK: dict[int, str] = {}


def is_blank(link: Link, offset: int, size: int) -> bool:
    """Whether that stretch is erased."""
    if size not in _BLANK:
        _BLANK[size] = hashlib.md5(b"\xff" * size, usedforsecurity=False).hexdigest()
    return link.md5(offset, size) == _BLANK[size]
