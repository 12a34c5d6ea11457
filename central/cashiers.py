"""Who works at a merchant's terminals: numbers and PINs. A merchant without cashiers has nobody sign in."""

from __future__ import annotations

import sqlalchemy as sa

from central import audit, catalog, pins, schema
from central.database import now, touch
from central.errors import CentreError
from protocol import cashiers

MOST_NUMBER = 255  # one byte of a record


def set_pin(connection: sa.Connection, merchant: str, number: int, text: str, who: str) -> None:
    """Give cashier ``number`` a PIN, or take on who is new; `CentreError` otherwise. Terminals learn it with their next settings.

    The PIN alone says who signs in, so that nobody at a merchant may have another's.
    """
    if not 1 <= number <= MOST_NUMBER:
        raise CentreError(f"a cashier has a number from 1 to {MOST_NUMBER}", "choose one of those")
    digest = pins.digest(connection, merchant, number, text)
    table, offers = schema.cashiers, schema.offers
    held = set(connection.scalars(sa.select(table.c.number).where(table.c.merchant == merchant)))
    if number in held:
        where = sa.and_(table.c.merchant == merchant, table.c.number == number)
        connection.execute(table.update().where(where).values(pin=digest, changed_at=now()))
    else:
        if len(held) == cashiers.MOST:
            raise CentreError(f"merchant {merchant} has {cashiers.MOST} cashiers already", "remove one: `cheyou cashiers remove`")
        terms = connection.scalars(
            sa.select(offers.c.terms).where(offers.c.merchant == merchant, offers.c.withdrawn_at.is_(None))
        )
        if not catalog.has_room(list(terms), len(held) + 1):
            raise CentreError(f"offers of {merchant} leave no room for another cashier", "shorten their labels or withdraw one")
        connection.execute(table.insert().values(merchant=merchant, number=number, pin=digest, changed_at=now()))
    touch(connection, "registry")
    audit.note(connection, who, "cashier.pin", merchant, cashier=number)


def remove(connection: sa.Connection, merchant: str, number: int, who: str) -> None:
    """From the terminals' next settings on nobody signs in as ``number``; what was done under it stays."""
    table = schema.cashiers
    where = sa.and_(table.c.merchant == merchant, table.c.number == number)
    if not connection.execute(table.delete().where(where)).rowcount:
        raise CentreError(f"merchant {merchant} has no cashier {number}", "see `cheyou cashiers list`")
    touch(connection, "registry")
    audit.note(connection, who, "cashier.remove", merchant, cashier=number)
