"""Publication of member lists: what versions there are, which one a terminal is offered, and the bytes they are fetched by.

A list covers one month; its id is that month (YYYYMM), its key is its own. Versions are Unix times, rising even for a centre
whose database was made anew.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from central import list_source, schema
from central.database import Database, now
from central.directory import Directory, Terminal, revision
from central.list_builder import build_list
from protocol import messages
from protocol import month as months
from protocol.keys import KEY_BYTES

log = logging.getLogger(__name__)

AHEAD_S = 3 * 86_400  # next month's list is published so long before the 1st
_KEEP = 8  # versions of a list that stay fetchable


class Lists:
    """The lists of this month and, ahead of the 1st, of the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._built_from: tuple[int, int, tuple[int, ...]] | None = None  # revisions and months of the last build
        self._contents: dict[tuple[int, int], bytes] = {}
        self._offers: dict[int, bytes] = {}  # newest offer by month, as a message body
        self._published: tuple[bytes, ...] = ()
        self.keys: dict[int, bytes] = {}
        self.members: dict[int, int] = {}

    def months(self, moment: int) -> tuple[int, ...]:
        """Which months' lists should be out at ``moment``."""
        current = months.month_of(moment)
        following = months.shifted(current, 1)
        return (current, following) if months.starts(following) - moment <= AHEAD_S else (current,)

    def refresh(self, directory: Directory) -> bool:
        """Build what is not up to date; True when there is something new to offer. Slow: not for the event loop."""
        with self._database.read() as connection:
            state = revision(connection, "members"), directory.revision, self.months(now())
        if state == self._built_from:
            return False
        prefixes = tuple(directory.properties["prefixes"])
        before = self.bodies()
        for month in state[2]:
            self._refresh_month(month, prefixes)
        self._forget(state[2])
        self._built_from = state
        return self.bodies() != before

    def load_keys(self) -> None:
        """Have the keys of the lists that should be out, so that the first settings already carry them."""
        for month in self.months(now()):
            self._key(month)

    def offers(self, directory: Directory, everything: bool) -> list[tuple[Terminal, bytes]]:
        """(terminal, body of ``list``) to retain: this month's list, the one offer that serves a terminal that has nothing."""
        bodies = self.bodies()
        if not bodies or (not everything and bodies == self._published):
            return []
        self._published = bodies
        return [(terminal, bodies[0]) for terminal in directory.terminals.values()]

    def bodies(self) -> tuple[bytes, ...]:
        """The bodies of all offers, this month's first."""
        return tuple(self._offers[month] for month in sorted(self._offers))

    def chunk(self, list_id: int, version: int, offset: int, length: int) -> bytes | None:
        """Bytes of a list file; None when there is no such file or nothing at that offset."""
        content = self._contents.get((list_id, version))
        if content is None:
            content = self.content(list_id, version)
            if content is None:
                return None
            self._contents[list_id, version] = content
        return content[offset : offset + length] or None

    def content(self, list_id: int, version: int) -> bytes | None:
        """A whole list file from the database."""
        table = schema.lists
        where = sa.and_(table.c.list == list_id, table.c.version == version)
        with self._database.read() as connection:
            found = connection.scalar(sa.select(table.c.content).where(where))
        return bytes(found) if found is not None else None

    def _refresh_month(self, month: int, prefixes: tuple[str, ...]) -> None:
        membership = list_source.read(self._database, month, now(), prefixes)
        key = self._key(month)
        held = self._newest(month)
        source = membership.digest(prefixes)
        if held is not None and held.source == source:
            self._offer(held._mapping)
            return
        version = max(held.version + 1 if held else 0, now())
        content = build_list(membership.numbers, membership.members, membership.facts(month, version, prefixes), key)
        row = {
            "list": month,
            "version": version,
            "kind": "base",
            "base": 0,
            "month": month,
            "members": len(membership.numbers),
            "source": source,
            "created_at": now(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": content,
        }
        with self._database.write() as connection:
            connection.execute(schema.lists.insert(), row)
        log.info("list %d version %d: %d members, %d bytes", month, version, row["members"], len(content))
        self._offer(row)

    def _offer(self, row: Any) -> None:
        self.members[row["month"]] = row["members"]
        self._contents[row["list"], row["version"]] = bytes(row["content"])
        self._offers[row["month"]] = messages.encode(
            "list",
            list=row["list"],
            kind=row["kind"],
            month=row["month"],
            version=row["version"],
            base=row["base"],
            bytes=len(row["content"]),
            sha256=row["sha256"],
            path=f"/lists/{row['list']}/{row['version']}",
        )

    def _newest(self, month: int) -> Any:
        table = schema.lists
        query = sa.select(table).where(table.c.list == month).order_by(table.c.version.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first()

    def _key(self, month: int) -> bytes:
        if month not in self.keys:
            table = schema.list_keys
            with self._database.write() as connection:
                key = connection.scalar(sa.select(table.c.key).where(table.c.list == month))
                if key is None:
                    key = secrets.token_bytes(KEY_BYTES)
                    connection.execute(table.insert().values(list=month, key=key, month=month))
            self.keys[month] = bytes(key)
        return self.keys[month]

    def _forget(self, current: Iterable[int]) -> None:
        """Old months leave memory, old versions the database; keys stay, they say what a record's list version meant."""
        wanted = set(current)
        for month in set(self._offers) - wanted:
            del self._offers[month]
            self.keys.pop(month, None)
        offered = {(body["list"], body["version"]) for body in map(_decoded, self._offers.values())}
        for held in set(self._contents) - offered:
            del self._contents[held]
        table = schema.lists
        with self._database.write() as connection:
            for month in wanted:
                versions = list(
                    connection.scalars(sa.select(table.c.version).where(table.c.list == month).order_by(table.c.version))
                )
                if len(versions) > _KEEP:
                    connection.execute(table.delete().where(table.c.list == month, table.c.version < versions[-_KEEP]))


def _decoded(body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = messages.decode("list", body)
    return fields
