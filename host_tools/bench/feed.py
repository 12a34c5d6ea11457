"""A feed of a million members' events, one row in a hundred bad: rows taken in a second, on SQLite and on PostgreSQL.

What the figure is worth is checked with it: every good row is in, every bad one was named by its line and no other, and the same
file again changes nothing.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from central import csv_import, schema
from central.database import Database
from host_tools import toolchain
from host_tools.bench_file import Figures, figure
from host_tools.errors import CheYouError
from host_tools.progress import progress
from protocol.month import starts
from tests.central.postgres_process import PostgresProcess

ROWS = 1_000_000
_BAD_IN = 100
_MEMBERS = 400_000  # of ten million numbers
_FIRST = 13_300_000_000
_BEGIN = starts(202601)
_YEAR_S = 365 * 86_400
_KINDS = ("subscribe",) * 5 + ("renew", "renew", "tier", "unsubscribe", "block", "unblock", "trial")
# What is wrong with a bad row, each its own way: a number, a tier, an event, a time, a cell too few, a stray quote.
_SPOILT: tuple[Callable[[list[str]], str], ...] = (
    lambda cells: ",".join([cells[0], cells[1], "1234567", *cells[3:]]),
    lambda cells: ",".join([*cells[:3], "subscribe", "gold", ""]),
    lambda cells: ",".join([*cells[:3], "marry", "", ""]),
    lambda cells: ",".join([cells[0], "yesterday", *cells[2:]]),
    lambda cells: ",".join(cells[:5]),
    lambda cells: ",".join([*cells[:2], '"' + cells[2], *cells[3:]]),
)


def run() -> Figures:
    """`feed_rows_per_s` on each database."""
    folder = Path(tempfile.mkdtemp(prefix="feed-"))
    server = None
    try:
        path = folder / "feed.csv"
        bad = write_feed(path, ROWS)
        rate = measure(Database(f"sqlite:///{folder / 'centre.db'}"), path, bad)
        server = PostgresProcess(toolchain.postgres_bin())
        rate_postgres = measure(Database(server.database()), path, bad)
    finally:
        if server:
            server.remove()
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "feed_rows_per_s": figure(round(rate), "rows/s"),
        "feed_rows_per_s_postgresql": figure(round(rate_postgres), "rows/s"),
    }


def write_feed(path: Path, rows: int) -> list[int]:
    """Write a feed drawn from a seed; the lines of its bad rows."""
    draw = random.Random(1)  # noqa: S311 - the same feed each time, no secret
    bad = []
    with path.open("w", encoding="utf-8") as file:
        file.write("event_id,time,member_id,event,tier,until\n")
        for at in range(rows):
            kind = draw.choice(_KINDS)
            moment = _BEGIN + at * _YEAR_S // rows
            tier = draw.choice(("ordinary", "vip")) if kind in ("subscribe", "tier") else ""
            until = str(moment + draw.randrange(86_400, 30 * 86_400)) if kind == "trial" else ""
            number = _FIRST + draw.randrange(_MEMBERS) * 25
            cells = [f"E{at:08d}", str(moment), str(number), kind, tier, until]
            if draw.randrange(_BAD_IN):
                file.write(",".join(cells) + "\n")
            else:
                file.write(draw.choice(_SPOILT)(cells) + "\n")
                bad.append(at + 2)
    return bad


def measure(database: Database, path: Path, bad: list[int]) -> float:
    """Rows a second of the first run; `CheYouError` when what came of it, or of a second run, is not what must."""
    try:
        database.create()
        with path.open("rb") as file:
            rows = sum(1 for _ in file) - 1
        rates: list[float] = []
        held: list[str] = []
        for again in (False, True):
            with progress(f"{database.url.get_backend_name()}{', again' if again else ''}", rows) as advance:
                started = time.perf_counter()
                report = csv_import.import_events(database, path, "bench", "bench", advance)
                rates.append(rows / (time.perf_counter() - started))
            if [line for line, _, _ in report.bad] != bad or report.changed != (0 if again else rows - len(bad)):
                raise CheYouError(f"{report.changed} rows changed, {len(report.bad)} were bad", "see tests/central/test_feed.py")
            held.append(_held(database))
            if held[0] != held[-1]:
                raise CheYouError("a second run has changed what members are", "see tests/central/test_feed.py")
        print(f"{database.url.get_backend_name()}: {rates[0]:,.0f} rows/s, again {rates[1]:,.0f}", file=sys.stderr)
        return rates[0]
    finally:
        database.dispose()


def _held(database: Database) -> str:
    """What is held of all members, as a digest."""
    c = schema.members.c
    said = sha256()
    with database.read() as connection:
        rows = connection.execute(
            sa.select(c.member, c.active_from, c.tier, c.active_until, c.blocked).order_by(c.member, c.active_from)
        )
        for row in rows:
            said.update(repr(tuple(row)).encode())
        events = connection.scalar(sa.select(sa.func.count()).select_from(schema.member_events))
    return f"{events} {said.hexdigest()}"
