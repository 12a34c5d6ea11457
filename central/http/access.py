"""Who may use the HTTP interface: people and programs by token, terminals for list files by a password of their key."""

from __future__ import annotations

import hmac
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer

from central import schema, tokens
from central.database import Database
from protocol.keys import derive

_bearer = HTTPBearer(auto_error=False, description="A token made by `cheyou central add-token NAME`")
_basic = HTTPBasic(auto_error=False, description="A terminal: its id, and the password derived from its key")


def http_password(key: bytes) -> str:
    """The HTTP password of the terminal with this key."""
    text: str = derive(key, b"http").hex()
    return text


class Access:
    """Dependencies that let a request through or end it with 401."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def token(self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
        """The name of the token that was sent."""
        name = self._owner(given)
        if name is None:
            raise HTTPException(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        return name

    def token_or_terminal(
        self,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        basic: Annotated[HTTPBasicCredentials | None, Depends(_basic)],
    ) -> str:
        """The token's name, or the id of the terminal that logged in."""
        name = self._owner(given) or self._terminal(basic)
        if name is None:
            raise HTTPException(401, "a token or a terminal's password is needed", {"WWW-Authenticate": 'Basic realm="cheyou"'})
        return name

    def _owner(self, given: HTTPAuthorizationCredentials | None) -> str | None:
        if given is None:
            return None
        with self._database.read() as connection:
            return tokens.owner(connection, given.credentials)

    def _terminal(self, given: HTTPBasicCredentials | None) -> str | None:
        if given is None or "\x00" in given.username:
            return None
        table = schema.terminals
        with self._database.read() as connection:
            row = connection.execute(sa.select(table.c.key, table.c.state).where(table.c.id == given.username)).first()
        if row is None or row.state == "fenced":
            return None
        right = hmac.compare_digest(given.password.encode(), http_password(bytes(row.key)).encode())
        return given.username if right else None
