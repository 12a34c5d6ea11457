"""Bookings and reminders over HTTP."""

# No postponed annotations here: FastAPI must see the dependencies that are bound to an instance.

import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi import Query as Parameter
from pydantic import BaseModel, ConfigDict, Field

from central import audit, bookings, members, reminders
from central.cells import RowError
from central.database import Database
from central.directory import load_properties
from central.http.access import Access

_PHONE = r"^1[3-9][0-9]{9}$"
_Number = Annotated[str, Path(pattern=_PHONE, description="The member's number")]
_Text = Annotated[str | None, Parameter(max_length=20, pattern=r"^[!-~]+$")]
_LEAST, _MOST = 946_684_800, 0xFFFF_FFFF


class Booking(BaseModel):
    """What a member has booked; redeemed on an offer that is `booked`. Times are Unix seconds; 0 units cancel it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    merchant: str = Field(max_length=20, pattern=r"^[!-~]+$")
    offer: int = Field(ge=1, le=0xFFFF)
    member: str = Field(pattern=_PHONE)
    units: int = Field(ge=0, le=1000)
    valid_from: int = Field(ge=_LEAST, le=_MOST)
    valid_until: int = Field(ge=_LEAST, le=_MOST)


class Reminders(BaseModel):
    """Days on which something is due; null forgets one, what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    insurance: datetime.date | None = None
    inspection: datetime.date | None = None
    maintenance: datetime.date | None = None
    seasonal: datetime.date | None = None


def router(database: Database, access: Access) -> APIRouter:
    """/bookings and /members/{number}/reminders."""
    routes = APIRouter(tags=["bookings and reminders"])
    Who = Annotated[str, Depends(access.token)]  # noqa: N806 - a type

    @routes.get("/bookings")
    def listing(
        phone: Annotated[str | None, Parameter(pattern=_PHONE)] = None,
        merchant: _Text = None,
        limit: Annotated[int, Parameter(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """Bookings, the newest first."""
        with database.read() as connection:
            found = bookings.listing(connection, int(phone) if phone else None, merchant, limit)
        return {"items": [row | {"member": str(row["member"])} for row in found]}

    @routes.put("/bookings/{booking}")
    def put(booking: Annotated[str, Path(pattern=r"^[!-~]{1,40}$")], given: Booking, who: Who) -> dict[str, Any]:
        """Take a booking in, or change it."""
        times = given.valid_from, given.valid_until
        with database.write() as connection:
            changed = bookings.put(
                connection, database, booking, given.merchant, given.offer, int(given.member), given.units, times
            )
            if changed:
                audit.note(connection, f"api:{who}", "booking.put", booking, merchant=given.merchant, units=given.units)
        return {"changed": changed}

    @routes.get("/members/{number}/reminders")
    def due(number: _Number) -> dict[str, Any]:
        """The days a member is reminded of, as whole numbers YYYYMMDD."""
        with database.read() as connection:
            return reminders.of(connection, int(number))

    @routes.put("/members/{number}/reminders")
    def remind(number: _Number, given: Reminders, who: Who) -> dict[str, Any]:
        """Set days a member is to be reminded of."""
        with database.write() as connection:
            if not members.accepted(number, load_properties(connection)["prefixes"]):
                raise RowError("no accepted prefix fits the number")
            changed = [
                reminders.put(connection, database, int(number), kind, None if date is None else int(f"{date:%Y%m%d}"))
                for kind, date in given.model_dump(exclude_unset=True).items()
            ]
            audit.note(connection, f"api:{who}", "member.reminders", "", changed=sum(changed))
        return {"changed": any(changed)}

    return routes
