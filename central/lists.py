"""Publication of member lists: what versions there are, which ones a terminal is offered, and the bytes they are fetched by.

A list covers one month; its id is that month (YYYYMM), its key is its own. Versions are Unix times, rising even for a centre
whose database was made anew. A month begins with a base; changes go out as one delta that reaches back to the base, and when that
has grown to a share of the base, as a new base.
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
from central.errors import CentreError
from central.list_builder import build_list
from central.list_delta import build_delta
from protocol import list_header, messages
from protocol import month as months
from protocol.keys import KEY_BYTES

log = logging.getLogger(__name__)

AHEAD_S = 3 * 86_400  # next month's list is published so long before the 1st
_LARGEST_DELTA = 8  # a delta that is more than an eighth of its base gives way to a new base
_KEEP = 8  # versions of a list that stay fetchable


class Lists:
    """The lists of this month and, ahead of the 1st, of the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._built_from: tuple[int, int, int, tuple[int, ...]] | None = None  # what the last build saw
        self._contents: dict[tuple[int, int], bytes] = {}
        self._offers: dict[int, list[bytes]] = {}  # by month: the base's, then the delta's, as message bodies
        self._published: bytes | None = None
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
            # The day counts too: memberships begin at midnight without anyone changing anything.
            state = revision(connection, "members"), directory.revision, months.day_starts(now()), self.months(now())
        if state == self._built_from:
            return False
        prefixes = tuple(directory.properties["prefixes"])
        before = self.bodies()
        for month in state[3]:
            self._refresh_month(month, prefixes)
        self._forget(state[3])
        self._built_from = state
        return self.bodies() != before

    def load_keys(self) -> None:
        """Have the keys of the lists that should be out, so that the first settings already carry them."""
        for month in self.months(now()):
            self._key(month)

    def offers(self, directory: Directory, everything: bool) -> list[tuple[Terminal, bytes]]:
        """(terminal, body of ``list``) to retain: this month's base, the one offer that serves a terminal that has nothing."""
        bodies = self.bodies()
        if not bodies or (not everything and bodies[0] == self._published):
            return []
        self._published = bodies[0]
        return [(terminal, bodies[0]) for terminal in directory.terminals.values()]

    def bodies(self) -> tuple[bytes, ...]:
        """The bodies of all offers in the order in which a terminal can use them, this month's first."""
        return tuple(body for month in sorted(self._offers) for body in self._offers[month])

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
        self._key(month)
        base, newest = self._held(month)
        source = membership.digest()
        if newest is None or newest.source != source:
            version = max(newest.version + 1 if newest else 0, now())
            row = self._built(membership, month, version, base)
            row["source"] = source
            with self._database.write() as connection:
                connection.execute(schema.lists.insert(), row)
            log.info("list %(list)d version %(version)d: %(kind)s, %(members)d members", row)
            base, newest = self._held(month)
        self.members[month] = newest.members
        self._offers[month] = [self._offer(row) for row in ([base] if newest.version == base.version else [base, newest])]

    def _built(self, membership: list_source.Membership, month: int, version: int, base: Any) -> dict[str, Any]:
        facts, key = membership.facts(month, version), self.keys[month]
        kind, start, content = "base", 0, b""
        if base is not None and self._prefixes(base, key) == membership.prefixes:
            try:
                content = build_delta(bytes(base.content), [], membership.numbers, membership.classes, facts, key)
                kind, start = "delta", base.version
            except CentreError as error:
                log.info("list %d: %s", month, error)
        if kind == "base" or len(content) * _LARGEST_DELTA > len(base.content):
            kind, start = "base", 0
            content = build_list(membership.numbers, membership.classes, facts, key)
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

    @staticmethod
    def _prefixes(base: Any, key: bytes) -> tuple[str, ...]:
        raw = bytes(base.content)
        header = list_header.parse(raw[: int.from_bytes(raw[6:8], "little")], key)
        return tuple(header.prefixes.split(",")) if header.prefixes else ()

    def _offer(self, row: Any) -> bytes:
        self._contents[row.list, row.version] = bytes(row.content)
        body: bytes = messages.encode(
            "list",
            list=row.list,
            kind=row.kind,
            month=row.month,
            version=row.version,
            base=row.base,
            bytes=len(row.content),
            sha256=row.sha256,
            path=f"/lists/{row.list}/{row.version}",
        )
        return body

    def _held(self, month: int) -> tuple[Any, Any]:
        """(newest base, newest file) of a month; None where there is none. A delta older than the base is no news."""
        table = schema.lists
        newest = sa.select(table).where(table.c.list == month).order_by(table.c.version.desc()).limit(1)
        with self._database.read() as connection:
            base = connection.execute(newest.where(table.c.kind == "base")).first()
            return base, connection.execute(newest).first()

    def _key(self, month: int) -> None:
        if month in self.keys:
            return
        table = schema.list_keys
        with self._database.write() as connection:
            key = connection.scalar(sa.select(table.c.key).where(table.c.list == month))
            if key is None:
                key = secrets.token_bytes(KEY_BYTES)
                connection.execute(table.insert().values(list=month, key=key, month=month))
        self.keys[month] = bytes(key)

    def _forget(self, current: Iterable[int]) -> None:
        """Old months leave memory, old versions the database; keys stay, they say what a record's list version meant."""
        wanted = set(current)
        for month in set(self._offers) - wanted:
            del self._offers[month]
            self.keys.pop(month, None)
        offered = {(body["list"], body["version"]) for body in (messages.decode("list", body) for body in self.bodies())}
        for held in set(self._contents) - offered:
            del self._contents[held]
        table = schema.lists
        with self._database.write() as connection:
            for month in wanted:
                ordered = sa.select(table.c.version).where(table.c.list == month).order_by(table.c.version)
                versions = [version for version in connection.scalars(ordered) if (month, version) not in offered]
                if len(versions) > _KEEP:
                    connection.execute(table.delete().where(table.c.list == month, table.c.version.in_(versions[:-_KEEP])))
