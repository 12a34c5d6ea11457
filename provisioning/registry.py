"""The registry of terminals as provisioning sees it: the centre's, of which the bench needs little."""

from __future__ import annotations

from typing import Protocol

import sqlalchemy as sa

from central import registry as central_registry
from central import schema
from central.audit import operator
from central.database import Database
from central.errors import CentreError
from provisioning.errors import IdentityError


class Registry(Protocol):
    """What the bench asks of a registry. Every method raises `IdentityError` with the next step."""

    def key_of(self, terminal_id: str) -> bytes | None:
        """The key registered for a terminal; None when it is not registered."""

    def enrol(self, terminal_id: str, merchant: str, key: bytes) -> None:
        """Register it as `pending`, or, when it is registered with this very key, leave its state and set its merchant."""

    def issue(self, terminal_id: str) -> None:
        """Its unit has passed the self-test and may go out."""

    def has_merchant(self, merchant: str) -> bool:
        """Whether the centre knows a merchant."""


class CentreRegistry:
    """The registry in the centre's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def key_of(self, terminal_id: str) -> bytes | None:
        row = self._row(terminal_id)
        return bytes(row.key) if row else None

    def has_merchant(self, merchant: str) -> bool:
        table = schema.merchants
        with self._database.read() as connection:
            return connection.scalar(sa.select(table.c.id).where(table.c.id == merchant)) is not None

    def enrol(self, terminal_id: str, merchant: str, key: bytes) -> None:
        row = self._row(terminal_id)
        try:
            with self._database.write() as connection:
                if row is None:
                    central_registry.add(connection, terminal_id, merchant, operator(), key)
                elif bytes(row.key) != key:
                    raise IdentityError(
                        f"terminal {terminal_id} is registered with another key",
                        "use another id, or `cheyou swap` for new hardware",
                    )
                elif row.merchant != merchant:
                    central_registry.move(connection, terminal_id, merchant, operator())
        except CentreError as error:
            raise IdentityError(error.message, error.next_step) from None

    def issue(self, terminal_id: str) -> None:
        try:
            with self._database.write() as connection:
                central_registry.set_state(connection, terminal_id, "issued", operator())
        except CentreError as error:
            raise IdentityError(error.message, error.next_step) from None

    def _row(self, terminal_id: str) -> sa.Row[tuple[object, ...]] | None:
        table = schema.terminals
        columns = (table.c.key, table.c.merchant)
        with self._database.read() as connection:
            found: sa.Row[tuple[object, ...]] | None = connection.execute(
                sa.select(*columns).where(table.c.id == terminal_id)
            ).first()
        return found
