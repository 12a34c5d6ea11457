"""Members over HTTP: look one up, put one in, and the feed of their events."""

# No postponed annotations here: FastAPI must see the dependencies that are bound to an instance.

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi import Query as Parameter
from pydantic import BaseModel, ConfigDict, Field

from central import audit, feed, members, schema, timeline
from central.cells import RowError
from central.database import Database, now
from central.directory import load_properties
from central.http.access import Access

_Number = Annotated[str, Path(pattern=r"^1[3-9][0-9]{9}$", description="The member's number")]
_LEAST, _MOST = 946_684_800, 0xFFFF_FFFF
_MOST_EVENTS = 10_000
_Source = Annotated[str, Parameter(pattern=r"^[!-~]{1,20}$", description="Whose feed; event ids count within it")]


class Member(BaseModel):
    """A membership. Times are Unix seconds; `active_until` is the first second it no longer holds, null for open-ended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tier: str = Field(max_length=20, examples=["vip"])
    active_from: int = Field(ge=_LEAST, le=_MOST)
    active_until: int | None = Field(None, ge=_LEAST, le=_MOST)
    blocked: bool = False


class Events(BaseModel):
    """Rows of a feed, as docs/central.md has them: `event_id`, `time`, `member_id`, `event`, and `tier`, `until` where they
    matter. All are texts; times as in CSV files."""

    model_config = ConfigDict(extra="forbid", strict=True)

    events: list[dict[str, str]] = Field(
        max_length=_MOST_EVENTS,
        examples=[[{"event_id": "7001", "time": "2026-11-22", "member_id": "13800138000", "event": "subscribe", "tier": "vip"}]],
    )


def router(database: Database, access: Access) -> APIRouter:
    """/members."""
    routes = APIRouter(tags=["members"])
    Who = Annotated[str, Depends(access.token)]  # noqa: N806 - a type

    @routes.post("/members/events")
    def take(given: Events, who: Who, source: _Source = "feed") -> dict[str, Any]:
        """Take a feed of events in. Good rows are taken; a bad one is reported by its place, from 1 on, and kept in quarantine.
        Sending the same again changes nothing."""
        with database.write() as connection:
            taken = feed.take_rows(connection, database, source, given.events)
            audit.note(connection, f"api:{who}", "members.feed", source, rows=len(given.events), new=taken["new"])
        return taken

    @routes.get("/members/{number}", responses={404: {"description": "No such member"}})
    def look_up(number: _Number) -> Member:
        """What a member is now, or will be first."""
        with database.read() as connection:
            spans = members.by_number(connection, [int(number)]).get(int(number), [])
            row = timeline.at(spans, now()) or (spans[0] if spans else None)
            if row is None:
                raise HTTPException(404, "no such member")
            name = connection.scalar(sa.select(schema.tiers.c.name).where(schema.tiers.c.code == row.tier))
        return Member.model_construct(
            tier=name or "", active_from=row.active_from, active_until=row.active_until, blocked=row.blocked
        )

    @routes.get("/members/{number}/events")
    def events(number: _Number) -> dict[str, Any]:
        """What has become known of a member, oldest first."""
        with database.read() as connection:
            return {"items": feed.history(connection, int(number))}

    @routes.put("/members/{number}")
    def put(number: _Number, member: Member, who: Who) -> dict[str, Any]:
        """Say what a member is, whatever the feed has said until now. Sending the same again changes nothing."""
        with database.write() as connection:
            code = connection.scalar(sa.select(schema.tiers.c.code).where(schema.tiers.c.name == member.tier))
            if code is None:
                raise RowError(f"there is no tier {member.tier}")
            if not members.accepted(number, load_properties(connection)["prefixes"]):
                raise RowError("no accepted prefix fits the number")
            if member.active_until is not None and member.active_until <= member.active_from:
                raise RowError("active_until is before active_from")
            row = {"member": int(number), "tier": code, **member.model_dump(exclude={"tier"})}
            changed = members.put(connection, [row])
            if changed:
                audit.note(connection, f"api:{who}", "member.put", "", tier=member.tier, blocked=member.blocked)
        return {"changed": bool(changed)}

    return routes
