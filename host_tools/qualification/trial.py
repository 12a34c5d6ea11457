"""All legs of a course over one centre, and the judgement: what was measured against the limits, and sets against sets."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from central import demo, incidents, members, registry, schema, verify
from central.database import Database
from host_tools.boards import Board
from host_tools.flash import target
from host_tools.qualification import leg as legs
from host_tools.qualification.course import Leg
from host_tools.qualification.leg import Measured
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.screens import Words
from protocol import month as months
from provisioning.identity import Identity
from provisioning.nvs_image import nvs_image
from provisioning.reports import Report, Step
from simulator.board import HEAP, BenchBoard

KIND, PART = "qualification", "qualification in part"
_FIRST_MEMBER = 13_810_000_000
_WHO = "qualification"
Progress = Callable[[], None]


class Trial:
    """`run` plays the legs on the board and `image` of its whole flash, `jobs` at a time, in files below `folder`."""

    def __init__(self, board: Board, image: bytes, folder: Path, jobs: int, heap: str = HEAP) -> None:
        self._board = board
        self._image = image
        self._folder = folder
        self._jobs = jobs
        self._heap = heap
        self._words = Words(board.display.language, board.display.kind)

    def run(self, course: Sequence[Leg], progress: Progress, complete: bool, by: str = "") -> Report:
        """Play all of `course` and judge; `progress` is called for each customer."""
        centre = CentreProcess(self._folder / "centre")
        database = centre.database()
        names = {leg.name: f"Q{number:03}" for number, leg in enumerate(course, 1)}
        numbers = iter(range(_FIRST_MEMBER, _FIRST_MEMBER + sum(leg.customers for leg in course)))
        customers = {leg.name: [str(next(numbers)) for _ in range(leg.customers)] for leg in course}
        try:
            keys = _seeded(database, list(names.values()), [number for group in customers.values() for number in group])
            centre.start()

            def play(leg: Leg) -> Step:
                name = names[leg.name]
                return self._leg(leg, name, keys[name], centre, database, iter(customers[leg.name]), progress)

            with ThreadPoolExecutor(self._jobs) as pool:
                steps = list(pool.map(play, course))
            version = _version(database)
        finally:
            centre.stop()
            database.dispose()
        board, application = self._board, target.from_bytes(self._board, self._image).application
        load, cores = os.getloadavg()[0], os.cpu_count()
        about = Step(
            "Firmware", True, f"application SHA-256 {application}, on simulated hardware with {self._heap} of heap, made for "
            f"MicroPython {board.micropython.version}; load of the workbench {load:.1f} on {cores} cores",
            {"application": application, "heap": self._heap, "load": round(load, 1)},
        )  # fmt: skip
        return Report(KIND if complete else PART, f"{board.name} {version}", "", board.title, version, (about, *steps), by=by)

    def _leg(
        self, leg: Leg, name: str, key: bytes, centre: CentreProcess, database: Database, customers: Iterator[str],
        report: Progress,
    ) -> Step:  # fmt: skip
        board = self._board
        identity = Identity(
            name, f"mqtt://127.0.0.1:{centre.mqtt_port}", f"http://127.0.0.1:{centre.http_port}", "bench", key=key, epoch=1
        )
        with BenchBoard(self._image, board, self._folder / name, heap=self._heap, seed=len(leg.name)) as bench:
            bench.write_partition("nvs", nvs_image(identity, board.partition("nvs").size))
            if leg.waiting:
                bench.write_partition("journal", legs.filled(board, key, leg.waiting, int(time.time()) - 60))
            try:
                measured = legs.serve(leg, bench, self._words, customers, report)
            except TimeoutError as fault:
                said = bench.log.read_text(encoding="utf-8", errors="replace").splitlines()
                last = next((line for line in reversed(said) if "Error" in line), "")
                why = f"it did not come into service: {fault}".splitlines()[0] + (f"; it printed {last}" if last else "")
                return Step(leg.title, False, why, {"leg": leg.name, "over": [why]})
            wanted = set(range(1, leg.waiting + 1)) | measured.saved
            held = _drained(database, name, wanted, measured, leg.limits["drain_s"])
        return judged(leg, measured, wanted, held, _incidents(database, name))


def judged(leg: Leg, measured: Measured, wanted: set[int], held: Counter[int], incident: Sequence[str]) -> Step:
    """A leg's step of the report: every limit it exceeds is named."""
    values: dict[str, Any] = measured.values() | {
        "lost": len(wanted - set(held)), "incidents": len(incident),
        "doubled": sum(count > 1 for count in held.values()) + len(set(held) - wanted),
    }  # fmt: skip
    over = [f"{name} {values[name]:g} > {limit:g}" for name, limit in leg.limits.items() if values[name] > limit]
    detail = ", ".join(f"{name} {values[name]:g} (≤ {limit:g})" for name, limit in leg.limits.items())
    others = f"{values['customers']:g} customers, {values['by_list']:g} by the list, {values['packets_lost']:g} packets lost"
    faults = [*over, *incident]
    return Step(
        leg.title, not faults, (f"{'; '.join(faults)} — " if faults else "") + f"{detail}; {others}",
        {"leg": leg.name, "limits": leg.limits, "over": faults, **values},
    )  # fmt: skip


def _drained(database: Database, name: str, wanted: set[int], measured: Measured, limit_s: float) -> Counter[int]:
    """What the centre holds once it holds everything, or twice the limit after the weather has cleared."""
    table = schema.records
    began = time.monotonic()
    while True:
        with database.read() as connection:
            held = Counter(connection.scalars(sa.select(table.c.sequence).where(table.c.terminal == name)))
        measured.drain_s = time.monotonic() - began
        if wanted <= set(held) or measured.drain_s > 2 * limit_s:
            return held
        time.sleep(0.2)


def _incidents(database: Database, name: str) -> list[str]:
    with database.read() as connection:
        found = [str(row["kind"]) for row in incidents.listing(connection, name)]
        found += [f"chain {row['stream']}/{row['epoch']}" for row in verify.terminal(connection, name) if not row["ok"]]
        put_aside = sa.select(schema.quarantine).where(schema.quarantine.c.source.contains(f"/{name}/"))
        return found + [f"quarantine {row.source}: {row.reason}" for row in connection.execute(put_aside)]


def _version(database: Database) -> str:
    """What the terminals say they run."""
    with database.read() as connection:
        return next((str(row["firmware"]) for row in registry.listing(connection) if row["firmware"]), "?")


def _seeded(database: Database, terminals: Sequence[str], customers: Sequence[str]) -> dict[str, bytes]:
    """A merchant with one offer, a VIP for every customer, and the terminals' keys."""
    demo.seed(database)
    begun = months.starts(months.shifted(months.month_of(int(time.time())), -1))
    with database.write() as connection:
        vip = connection.scalar(sa.select(schema.tiers.c.code).where(schema.tiers.c.name == "vip"))
        blank = {"tier": vip, "active_from": begun, "active_until": None, "blocked": False}
        members.put(connection, [blank | {"member": int(number)} for number in customers])
        keys = {}
        for name in terminals:
            keys[name] = registry.add(connection, name, demo.MERCHANT, _WHO)
            registry.set_state(connection, name, "issued", _WHO)
    return keys
