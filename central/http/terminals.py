"""Terminals over HTTP. Registering one is for the command line: its key must not travel."""

# No postponed annotations here: FastAPI must see the dependencies that are bound to an instance.

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from central import registry
from central.database import Database
from central.http.access import Access
from central.http.catalog import Suspension

_Id = Annotated[str, Path(pattern=r"^[A-Z0-9-]{1,16}$")]


class Posting(BaseModel):
    """Whose a terminal is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    merchant: str = Field(max_length=20, pattern=r"^[!-~]+$")


def router(database: Database, access: Access) -> APIRouter:
    """/terminals."""
    routes = APIRouter(tags=["terminals"])

    @routes.get("/terminals")
    def terminals() -> dict[str, Any]:
        """Every terminal with what it last said of itself."""
        with database.read() as connection:
            return {"items": registry.listing(connection)}

    @routes.put("/terminals/{terminal}/suspension")
    def suspend(terminal: _Id, given: Suspension, who: Annotated[str, Depends(access.token)]) -> dict[str, Any]:
        """Suspend a terminal or let it serve again; it says so within seconds."""
        with database.write() as connection:
            registry.suspend(connection, terminal, given.suspended, f"api:{who}")
        return {"suspended": given.suspended}

    @routes.put("/terminals/{terminal}/merchant")
    def move(terminal: _Id, given: Posting, who: Annotated[str, Depends(access.token)]) -> dict[str, Any]:
        """Give a terminal to another merchant; what it redeemed for the old one stays there."""
        with database.write() as connection:
            registry.move(connection, terminal, given.merchant, f"api:{who}")
        return {"merchant": given.merchant}

    return routes
