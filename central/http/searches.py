"""Redemptions, refusals and checks by phone number, merchant, terminal and time."""

# No postponed annotations here: FastAPI must see the dependencies that are bound to an instance.

from collections.abc import Callable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi import Query as Parameter

from central import incidents, quarantine, reports, search
from central.database import Database
from central.http.access import Access
from central.search import Query

_Text = Annotated[str | None, Parameter(max_length=20, pattern=r"^[!-~]+$")]
_Time = Annotated[int | None, Parameter(ge=0, le=0xFFFFFFFF, description="Unix seconds")]


def wanted(
    phone: Annotated[str | None, Parameter(pattern=r"^[0-9]{11}$", description="A member's number")] = None,
    merchant: _Text = None,
    terminal: _Text = None,
    since: _Time = None,
    until: _Time = None,
    before: Annotated[int | None, Parameter(ge=1, le=2**63 - 1, description="`next` of the page before")] = None,
    limit: Annotated[int, Parameter(ge=1, le=search.MOST)] = 100,
    full: Annotated[bool, Parameter(description="Numbers unmasked")] = False,
) -> Query:
    """What to look for."""
    return Query(phone, merchant, terminal, since, until, before, limit, full)


def router(database: Database, _access: Access) -> APIRouter:
    """/redemptions, /refusals, /checks, /quarantine, /would-have-refused, /incidents."""
    routes = APIRouter(tags=["searches"])
    Wanted = Annotated[Query, Depends(wanted)]  # noqa: N806 - a type

    def found(find: Callable[[sa.Connection, Query], dict[str, Any]], query: Query) -> dict[str, Any]:
        with database.read() as connection:
            return find(connection, query)

    @routes.get("/redemptions")
    def redemptions(query: Wanted) -> dict[str, Any]:
        """Redemptions, voids and whatever else terminals recorded, newest first: `{"items": […], "next": …}`."""
        return found(search.redemptions, query)

    @routes.get("/refusals")
    def refusals(query: Wanted) -> dict[str, Any]:
        """What terminals refused, newest first."""
        return found(search.refusals, query)

    @routes.get("/checks")
    def checks(query: Wanted) -> dict[str, Any]:
        """Checks that the centre answered, newest first."""
        return found(search.checks, query)

    @routes.get("/quarantine")
    def quarantined(state: Annotated[str | None, Parameter(pattern="^(held|retried|closed)$")] = None) -> dict[str, Any]:
        """What could not be used, newest first, without its bytes."""
        with database.read() as connection:
            return {"items": quarantine.listing(connection, state)}

    @routes.get("/would-have-refused")
    def would_have_refused(merchant: _Text = None, since: _Time = None, until: _Time = None) -> dict[str, Any]:
        """Redemptions that were accepted and the centre would have refused: counts by merchant and reason."""
        with database.read() as connection:
            return {"items": reports.would_have_refused(connection, merchant, since, until)}

    @routes.get("/incidents")
    def incidents_(terminal: _Text = None) -> dict[str, Any]:
        """Forks, gaps and unreadable records, newest first, without their bytes."""
        with database.read() as connection:
            return {"items": incidents.listing(connection, terminal)}

    return routes
