"""Tokens for the HTTP interface: shown once when made, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import sqlalchemy as sa

from central import audit, schema
from central.database import now
from central.errors import CentreError


def _digest(token: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()


def make(connection: sa.Connection, name: str, who: str) -> str:
    """A new token of that name; `CentreError` when the name is taken."""
    table = schema.api_tokens
    if not 1 <= len(name) <= 60:
        raise CentreError("a token's name has 1 to 60 characters", "choose another name")
    if connection.scalar(sa.select(table.c.id).where(table.c.name == name)) is not None:
        raise CentreError(f"there is a token {name} already", "choose another name, or revoke that one")
    token = "cy_" + secrets.token_urlsafe(32)
    connection.execute(table.insert().values(name=name, digest=_digest(token), created_at=now()))
    audit.note(connection, who, "token.make", name)
    return token


def revoke(connection: sa.Connection, name: str, who: str) -> None:
    """End a token; `CentreError` when there is none of that name in use."""
    table = schema.api_tokens
    where = sa.and_(table.c.name == name, table.c.revoked_at.is_(None))
    if not connection.execute(table.update().where(where).values(revoked_at=now())).rowcount:
        raise CentreError(f"there is no token {name}", "see `cheyou central tokens`")
    audit.note(connection, who, "token.revoke", name)


def owner(connection: sa.Connection, token: str) -> str | None:
    """The name of a token in use, or None."""
    table = schema.api_tokens
    return connection.scalar(sa.select(table.c.name).where(table.c.digest == _digest(token), table.c.revoked_at.is_(None)))


def listing(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every token's name and life, never the token."""
    table = schema.api_tokens
    rows = connection.execute(sa.select(table.c.name, table.c.created_at, table.c.revoked_at).order_by(table.c.id))
    return [dict(row._mapping) for row in rows]
