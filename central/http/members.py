"""Members over HTTP: look one up, put one in."""

# No postponed annotations here: FastAPI must see the dependencies that are bound to an instance.

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from central import audit, members, schema
from central.csv_import import RowError
from central.database import Database
from central.directory import load_properties
from central.http.access import Access

_Number = Annotated[str, Path(pattern=r"^1[3-9][0-9]{9}$", description="The member's number")]
_LEAST, _MOST = 946_684_800, 0xFFFF_FFFF


class Member(BaseModel):
    """A membership. Times are Unix seconds; `active_until` is the first second it no longer holds, null for open-ended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tier: str = Field(max_length=20, examples=["vip"])
    active_from: int = Field(ge=_LEAST, le=_MOST)
    active_until: int | None = Field(None, ge=_LEAST, le=_MOST)
    blocked: bool = False


def router(database: Database, access: Access) -> APIRouter:
    """/members/{number}."""
    routes = APIRouter(tags=["members"])

    @routes.get("/members/{number}", responses={404: {"description": "No such member"}})
    def look_up(number: _Number) -> Member:
        """One member."""
        with database.read() as connection:
            row = members.by_number(connection, [int(number)]).get(int(number))
            if row is None:
                raise HTTPException(404, "no such member")
            name = connection.scalar(sa.select(schema.tiers.c.name).where(schema.tiers.c.code == row.tier))
        return Member.model_construct(
            tier=name or str(row.tier), active_from=row.active_from, active_until=row.active_until, blocked=row.blocked
        )

    @routes.put("/members/{number}")
    def put(number: _Number, member: Member, who: Annotated[str, Depends(access.token)]) -> dict[str, Any]:
        """Add or change one member. Sending the same again changes nothing."""
        with database.write() as connection:
            code = connection.scalar(sa.select(schema.tiers.c.code).where(schema.tiers.c.name == member.tier))
            if code is None:
                raise RowError(f"there is no tier {member.tier}")
            if not members.accepted(number, load_properties(connection)["prefixes"]):
                raise RowError("no accepted prefix fits the number")
            if member.active_until is not None and member.active_until <= member.active_from:
                raise RowError("active_until is before active_from")
            row = {"member": int(number), "tier": code, **member.model_dump(exclude={"tier"})}
            changed = members.put(connection, database, [row])
            if changed:
                audit.note(connection, f"api:{who}", "member.put", "", tier=member.tier, blocked=member.blocked)
        return {"changed": bool(changed)}

    return routes
