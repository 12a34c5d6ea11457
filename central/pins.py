"""PINs at a merchant's terminals: no two people there have the same, for it alone says who a cashier is."""

from __future__ import annotations

import sqlalchemy as sa

from central import schema
from central.errors import CentreError
from protocol import pin

SUPERVISOR = 0  # cashiers have the numbers from 1 on


def digest(connection: sa.Connection, merchant: str, whose: int, text: str) -> bytes:
    """What is kept of the PIN ``text`` of cashier ``whose``, or the `SUPERVISOR`; `CentreError` when it cannot be theirs."""
    if not pin.is_pin(text):
        raise CentreError(f"a PIN has {pin.LEAST} to {pin.MOST} digits", "choose one of those")
    merchants, cashiers = schema.merchants, schema.cashiers
    held = connection.execute(sa.select(merchants.c.pin).where(merchants.c.id == merchant)).first()
    if held is None:
        raise CentreError(f"there is no merchant {merchant}", "see `cheyou merchants list`")
    made: bytes = pin.digest(merchant, text)
    same = sa.select(cashiers.c.number).where(cashiers.c.merchant == merchant, cashiers.c.pin == made)
    owners = [*connection.scalars(same), *([SUPERVISOR] if held.pin == made else [])]
    if any(owner != whose for owner in owners):
        raise CentreError(f"somebody at {merchant} has this PIN", "choose another")
    return made
