"""Carrying out a plan on one board, with progress that a person can follow."""

from __future__ import annotations

from collections.abc import Callable

from host_tools.flash.link import Link
from host_tools.flash.plan import Plan

# Told (share done 0..1, what is being done).
Report = Callable[[float, str], None]
_ERASE_SHARE = 0.05


def carry_out(link: Link, plan: Plan, report: Report) -> None:
    """Erase, then write and verify. Whatever is raised, a later plan goes on from what has been written."""
    start = _ERASE_SHARE if plan.erases else 0.0
    for number, partition in enumerate(plan.erases):
        report(_ERASE_SHARE * number / len(plan.erases), f"erasing {partition.label}")
        link.erase(partition.offset, partition.size)
    total, before = max(plan.bytes_to_write, 1), 0
    for part in plan.writes:

        def progress(done: int, _size: int, before: int = before, name: str = part.name) -> None:
            report(start + (1 - start) * (before + done) / total, f"writing {name}")

        progress(0, 0)
        link.write(part.offset, part.data, progress)
        before += len(part.data)
    report(1.0, "written" if plan.writes or plan.erases else "already right")
