"""Builds the member lists that are not up to date and puts them into the database.

Also a program that reads the database's URL from stdin, so that a million members are counted, permuted and coded in a process
of its own while checks go on being answered.

A list covers one month; its id is that month (YYYYMM), its key is its own. Versions are Unix times, rising even for a centre
whose database was made anew. A month begins with a base; changes go out as one delta that reaches back to the base, and when
that has grown to a share of the base, as a new base.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from central import directory, list_source, schema
from central.database import Database, now
from central.errors import CentreError
from central.list_builder import build_list
from central.list_delta import build_delta
from protocol import list_header
from protocol import month as months
from protocol.keys import KEY_BYTES

log = logging.getLogger(__name__)

AHEAD_S = 3 * 86_400  # next month's list is published so long before the 1st
ALONE_FROM = 20_000  # members; fewer are built before another process would have started
_LARGEST_DELTA = 8  # a delta that is more than an eighth of its base gives way to a new base
_KEEP = 8  # versions of a list that stay fetchable, beside those on offer


def wanted(moment: int) -> tuple[int, ...]:
    """Which months' lists should be out at ``moment``."""
    current = months.month_of(moment)
    following = months.shifted(current, 1)
    return (current, following) if months.starts(following) - moment <= AHEAD_S else (current,)


def key(database: Database, month: int) -> bytes:
    """The 32-byte key of a month's list, made when it is first needed."""
    table = schema.list_keys
    with database.write() as connection:
        held = connection.scalar(sa.select(table.c.key).where(table.c.list == month))
        if held is None:
            held = secrets.token_bytes(KEY_BYTES)
            connection.execute(table.insert().values(list=month, key=held, month=month))
    return bytes(held)


def held(database: Database, month: int) -> tuple[Any, Any]:
    """(newest base, newest file) of a month's list; None where there is none. A delta older than the base is no news."""
    table = schema.lists
    newest = sa.select(table).where(table.c.list == month).order_by(table.c.version.desc()).limit(1)
    with database.read() as connection:
        return connection.execute(newest.where(table.c.kind == "base")).first(), connection.execute(newest).first()


def press(database: Database) -> None:
    """Build what is not up to date. Slow: not for the event loop."""
    with database.read() as connection:
        prefixes = tuple(directory.load_properties(connection)["prefixes"])
    for month in wanted(now()):
        _press_month(database, month, prefixes)
        _forget(database, month)


async def press_aside(database: Database) -> None:
    """`press` without keeping the event loop waiting: on a thread, or for many members in a process of its own."""
    if await asyncio.to_thread(_count, database) < ALONE_FROM:
        await asyncio.to_thread(press, database)
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "central.list_press", stdin=asyncio.subprocess.PIPE, cwd=Path(__file__).resolve().parents[1]
    )
    try:
        # Not as an argument: a database URL may hold a password.
        await process.communicate(database.url.render_as_string(hide_password=False).encode())
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise CentreError("the member lists could not be built", "look at the log; they are tried again when members change")


def _count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(schema.members)) or 0


def _press_month(database: Database, month: int, prefixes: tuple[str, ...]) -> None:
    membership = list_source.read(database, month, now(), prefixes)
    source = membership.digest()
    base, newest = held(database, month)
    if newest is not None and newest.source == source:
        return
    version = max(newest.version + 1 if newest else 0, now())
    row = _built(membership, month, version, base, key(database, month))
    with database.write() as connection:
        connection.execute(schema.lists.insert(), row | {"source": source})
    log.info("list %d version %d: %s, %d members, %d bytes", month, version, row["kind"], row["members"], len(row["content"]))


def _built(membership: list_source.Membership, month: int, version: int, base: Any, list_key: bytes) -> dict[str, Any]:
    facts = membership.facts(month, version)
    kind, start, content = "base", 0, b""
    if base is not None and _prefixes(base, list_key) == membership.prefixes:
        try:
            content = build_delta(bytes(base.content), [], membership.numbers, membership.classes, facts, list_key)
            kind, start = "delta", base.version
        except CentreError as error:
            log.info("list %d: %s", month, error)
    if kind == "base" or len(content) * _LARGEST_DELTA > len(base.content):
        kind, start = "base", 0
        content = build_list(membership.numbers, membership.classes, facts, list_key)
    return {
        "list": month,
        "version": version,
        "kind": kind,
        "base": start,
        "month": month,
        "members": len(membership.numbers),
        "created_at": now(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": content,
    }


def _prefixes(base: Any, list_key: bytes) -> tuple[str, ...]:
    raw = bytes(base.content)
    header = list_header.parse(raw[: int.from_bytes(raw[6:8], "little")], list_key)
    return tuple(header.prefixes.split(",")) if header.prefixes else ()


def _forget(database: Database, month: int) -> None:
    """Old versions leave the database; keys stay, they say what a record's list version meant."""
    base, newest = held(database, month)
    table = schema.lists
    offered = {row.version for row in (base, newest) if row is not None}
    with database.write() as connection:
        ordered = sa.select(table.c.version).where(table.c.list == month).order_by(table.c.version)
        old = [version for version in connection.scalars(ordered) if version not in offered]
        if len(old) > _KEEP:
            connection.execute(table.delete().where(table.c.list == month, table.c.version.in_(old[:-_KEEP])))


def main() -> None:
    """What the centre starts."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    database = Database(sys.stdin.read().strip())
    press(database)
    database.dispose()


if __name__ == "__main__":
    main()
