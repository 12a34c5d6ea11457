"""Publication of member lists: which ones a terminal is offered, and the bytes they are fetched by. `list_press` makes them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import list_press, schema
from central.database import Database, now
from central.directory import Directory, Terminal, revision
from protocol import messages
from protocol import month as months

State = tuple[int, int, int, tuple[int, ...]]


class Lists:
    """The lists of this month and, ahead of the 1st, of the next, as the database has them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pressed_at: State | None = None
        self._contents: dict[tuple[int, int], bytes] = {}
        self._bodies: tuple[bytes, ...] = ()
        self._published: bytes | None = None
        self.keys: dict[int, bytes] = {}
        self.members: dict[int, int] = {}

    def state(self, directory: Directory) -> State:
        """What lists depend on: when it has changed they may have to be built anew."""
        moment = now()
        with self._database.read() as connection:
            # The day counts too: memberships begin at midnight without anyone changing anything.
            return revision(connection, "members"), directory.revision, months.day_starts(moment), list_press.wanted(moment)

    async def refresh(self, directory: Directory) -> bool:
        """Have built what is not up to date; True when there is something new to offer."""
        state = self.state(directory)
        if state == self._pressed_at:
            return False
        await list_press.press_aside(self._database)
        self._pressed_at = state
        before = self._bodies
        self.load()
        return self._bodies != before

    def load(self) -> None:
        """Take from the database what should be out now: keys, offers, the files themselves."""
        keys, members, bodies, contents = {}, {}, [], {}
        for month in list_press.wanted(now()):
            keys[month] = list_press.key(self._database, month)
            base, newest = list_press.held(self._database, month)
            if base is None:
                continue
            members[month] = newest.members
            for row in [base] if newest.version == base.version else [base, newest]:
                bodies.append(_body(row))
                contents[row.list, row.version] = bytes(row.content)
        self.keys, self.members, self._contents, self._bodies = keys, members, contents, tuple(bodies)

    def offers(self, directory: Directory, everything: bool) -> list[tuple[Terminal, bytes]]:
        """(terminal, body of ``list``) to retain: this month's base, the one offer that serves a terminal that has nothing."""
        if not self._bodies or (not everything and self._bodies[0] == self._published):
            return []
        self._published = self._bodies[0]
        return [(terminal, self._bodies[0]) for terminal in directory.terminals.values()]

    def bodies(self) -> tuple[bytes, ...]:
        """The bodies of all offers in the order in which a terminal can use them, this month's first."""
        return self._bodies

    def chunk(self, list_id: int, version: int, offset: int, length: int) -> bytes | None:
        """Bytes of a list file; None when there is no such file or nothing at that offset."""
        content = self._contents.get((list_id, version))
        if content is None:
            # One that is no longer on offer, and that a slow terminal is still fetching.
            content = self._piece(list_id, version, offset, length)
            return content or None
        return content[offset : offset + length] or None

    def size(self, list_id: int, version: int) -> int | None:
        """Bytes of a list file; None when there is none."""
        content = self._contents.get((list_id, version))
        return len(content) if content is not None else self._read(sa.func.length(schema.lists.c.content), list_id, version)

    def content(self, list_id: int, version: int) -> bytes | None:
        """A whole list file."""
        content = self._contents.get((list_id, version))
        return content if content is not None else _bytes(self._read(schema.lists.c.content, list_id, version))

    def _piece(self, list_id: int, version: int, offset: int, length: int) -> bytes | None:
        # SQL counts from 1; both databases cut binary strings without reading them whole into this process.
        return _bytes(self._read(sa.func.substr(schema.lists.c.content, offset + 1, length), list_id, version))

    def _read(self, column: Any, list_id: int, version: int) -> Any:
        table = schema.lists
        with self._database.read() as connection:
            return connection.scalar(sa.select(column).where(table.c.list == list_id, table.c.version == version))


def _bytes(found: Any) -> bytes | None:
    return bytes(found) if found is not None else None


def _body(row: Any) -> bytes:
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
