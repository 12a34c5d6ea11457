"""The centre under load: records committed a second, and checks while nothing else comes.

One centre on SQLite and Mosquitto, all on this machine, and so is the load: protocol-level terminals in this process. What counts
as done is told by receipts and verdicts, as a terminal sees them. `check_online_*` is measured by `check_online.py`.
"""

from __future__ import annotations

import asyncio
import gc
import random
import shutil
import tempfile
import time
from pathlib import Path

from central import demo, members, registry
from central.database import Database
from host_tools import toolchain
from host_tools.bench import check_online
from host_tools.bench_file import Figures, figure
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.mosquitto_process import MosquittoProcess
from protocol.month import month_of
from tests.wire_terminal import WireTerminal

TERMINALS = 100
RECORDS = 640  # each, as they pile up while the network is down: batches of 32
MEMBERS = 100_000
CHECKS, CHECKS_PER_S = 10_000, 1_000
_FIRST = 13_300_000_000


def run() -> Figures:
    """The figures of DESIGN.md's centre row, and of its first."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=_build()))
    broker = MosquittoProcess(folder / "broker")
    centre = CentreProcess(folder / "centre", broker)
    try:
        database = centre.database()
        keys = _furnish(database)
        online = check_online.prepare(database)
        broker.admit(database)
        database.dispose()
        check_online.allow_echo(folder / "broker")
        broker.start()
        centre.start()
        figures = asyncio.run(_measure(keys, broker.port))
        figures |= check_online.run(broker, centre, online)
    finally:
        centre.stop()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return figures


def _build() -> Path:
    folder = toolchain.ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder


def _furnish(database: Database) -> dict[str, bytes]:
    """Members, a merchant with a limited offer (two reads a check), terminals; the terminals' keys."""
    demo.seed(database)
    with database.write() as connection:
        keys = {f"B{at:04d}": registry.add(connection, f"B{at:04d}", demo.MERCHANT, "bench") for at in range(TERMINALS)}
    rows = [
        {"member": _FIRST + at * 7, "tier": 1 + at % 3, "active_from": 0, "active_until": None, "blocked": False}
        for at in range(MEMBERS)
    ]
    for at in range(0, MEMBERS, 5000):
        with database.write() as connection:
            members.put(connection, rows[at : at + 5000])
    return keys


async def _measure(keys: dict[str, bytes], port: int) -> Figures:
    draw = random.Random(1)  # noqa: S311 - the same load each time, no secret
    terminals = [WireTerminal(name, key, "127.0.0.1", port) for name, key in keys.items()]
    for terminal in terminals:
        terminal.resend_s = 30
        await terminal.connect()
    await asyncio.sleep(2)  # settings and lists have been published
    for terminal in terminals:
        journal = terminal.journal
        for _ in range(RECORDS):
            journal.append(
                time=int(time.time()),
                month=month_of(int(time.time())),
                member=_FIRST + draw.randrange(MEMBERS) * 7,
                tier=1,
                offer=1,
            )
    # What lies about here must not pause the measuring.
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        for terminal in terminals:
            terminal.send_waiting()
        await asyncio.gather(*(terminal.drained(120) for terminal in terminals))
        ingest = TERMINALS * RECORDS / (time.perf_counter() - started)
        await asyncio.sleep(1)
        delays = await _checks(terminals, draw)
    finally:
        gc.enable()
    for terminal in terminals:
        terminal.power_cut()
    return {
        "centre_ingest_per_s": figure(round(ingest), "redemptions/s", 5000),
        "centre_check_p50_ms": figure(round(delays[len(delays) // 2] * 1000, 2), "ms"),
        "centre_check_p99_ms": figure(round(delays[len(delays) * 99 // 100] * 1000, 2), "ms", 20),
    }


async def _checks(terminals: list[WireTerminal], draw: random.Random) -> list[float]:
    """Delays of checks asked at a steady pace, whether or not earlier ones have been answered; ascending, seconds."""
    delays: list[float] = []

    async def ask(terminal: WireTerminal) -> None:
        asked = time.perf_counter()
        await terminal.check(str(_FIRST + draw.randrange(MEMBERS) * 7), offer=2, timeout=30)
        delays.append(time.perf_counter() - asked)

    started = time.perf_counter()
    asking = []
    for at in range(CHECKS):
        wait = started + at / CHECKS_PER_S - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        asking.append(asyncio.create_task(ask(terminals[at % len(terminals)])))
    await asyncio.gather(*asking)
    return sorted(delays)
