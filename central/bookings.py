"""Bookings: what members have booked ahead with a merchant, to be redeemed on an offer that asks for it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central import schema
from central.cells import RowError
from central.database import Database, now
from protocol.offers import Offer

_MOST_UNITS = 1000


def booked(merchant: Any, offer: Any, member: Any, moment: Any) -> sa.Select[Any]:
    """One row: units that may be redeemed at ``moment``, and since when their uses count."""
    b = schema.bookings.c
    return sa.select(sa.func.sum(b.units), sa.func.min(b.valid_from)).where(
        b.merchant == merchant, b.offer == offer, b.member == member, b.units > 0, b.valid_from <= moment, b.valid_until > moment
    )


def put(
    connection: sa.Connection,
    database: Database,
    booking: str,
    merchant: str,
    offer: int,
    member: int,
    units: int,
    times: tuple[int, int],
) -> bool:
    """Take a booking in, or change it (``units`` 0 cancels); True when that changed anything. ``times``: valid from, until."""
    if not 1 <= len(booking) <= 40 or not booking.isprintable():
        raise RowError("booking_id has 1 to 40 characters")
    if not 1 <= offer <= 0xFFFF:
        raise RowError("an offer's id is 1 to 65535")
    if not 0 <= units <= _MOST_UNITS or times[1] <= times[0]:
        raise RowError(f"units are 0 to {_MOST_UNITS}, and until is after from")
    o = schema.offers.c
    terms = connection.scalar(sa.select(o.terms).where(o.merchant == merchant, o.id == offer, o.withdrawn_at.is_(None)))
    if terms is None or not Offer(terms).booked:
        raise RowError(f"merchant {merchant[:20]} has no offer {offer} that is booked ahead")
    table = schema.bookings
    row = {
        "merchant": merchant,
        "offer": offer,
        "member": member,
        "units": units,
        "valid_from": times[0],
        "valid_until": times[1],
    }
    held = connection.execute(sa.select(table).where(table.c.id == booking)).mappings().first()
    if held is not None and all(held[name] == value for name, value in row.items()):
        return False
    insert = database.insert(table).values(id=booking, changed_at=now(), **row)
    changed = {name: insert.excluded[name] for name in (*row, "changed_at")}
    connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=changed))
    return True


def listing(connection: sa.Connection, member: int | None, merchant: str | None, limit: int) -> list[dict[str, Any]]:
    """Bookings of a member, of a merchant or of all, the newest first."""
    table = schema.bookings
    query = sa.select(table).order_by(table.c.changed_at.desc(), table.c.id).limit(limit)
    if member is not None:
        query = query.where(table.c.member == member)
    if merchant is not None:
        query = query.where(table.c.merchant == merchant)
    return [dict(row) for row in connection.execute(query).mappings()]
