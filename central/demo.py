"""Demo data: one merchant, one offer, four members, one terminal. Safe to run again: what is there stays."""

from __future__ import annotations

import sqlalchemy as sa

from central import audit, cashiers, catalog, members, registry, schema
from central.database import Database, now
from protocol import month as months

MERCHANT = "DEMO"
TERMINAL = "T0001"
NAME = {"zh": "车之家洗车", "en": "Demo Wash"}
OFFER = {
    "id": 1,
    "label": {"en": "Wash pass", "zh": "洗车包月"},
    "category": "wash",
    "discount": {"vip": {"percent": 20}, "ordinary": {"percent": 10}, "trial": {"percent": 10}},
    "ask_amount": False,
    "online_only": False,
}
# What to key in, and what comes of it.
MEMBERS = {
    "13800138000": ("vip", False),
    "13900139000": ("ordinary", False),
    "13700137000": ("trial", False),
    "13600136000": ("ordinary", True),
}
NOT_A_MEMBER = "13500135000"
PIN = "246810"  # the supervisor's
CASHIERS = {1: "1357", 2: "2468"}  # who signs in, where that is wanted
_WHO = "demo"


def seed(database: Database, key: bytes | None = None) -> bytes:
    """Put the demo data in and return the terminal's key; ``key`` (32 bytes) is used when the terminal is new."""
    moment = now()
    with database.write() as connection:
        codes = {row.name: row.code for row in connection.execute(sa.select(schema.tiers))}
        catalog.put_merchant(connection, MERCHANT, NAME, "wash")
        catalog.put_offer(connection, MERCHANT, OFFER)
        catalog.set_pin(connection, MERCHANT, PIN, _WHO)
        held = set(connection.scalars(sa.select(schema.members.c.member)))
        begins = months.starts(months.shifted(months.month_of(moment), -1))
        rows = [
            {
                "member": int(number),
                "tier": codes[tier],
                "active_from": begins,
                # The trial ends with next month: time enough to try it.
                "active_until": months.starts(months.shifted(months.month_of(moment), 2)) if tier == "trial" else None,
                "blocked": blocked,
            }
            for number, (tier, blocked) in MEMBERS.items()
            if int(number) not in held
        ]
        members.put(connection, rows)
        table = schema.terminals
        if connection.scalar(sa.select(table.c.id).where(table.c.id == TERMINAL)) is None:
            key = registry.add(connection, TERMINAL, MERCHANT, _WHO, key)
            registry.set_state(connection, TERMINAL, "issued", _WHO)
            audit.note(connection, _WHO, "demo.seed", MERCHANT)
        return registry.key_of(connection, TERMINAL)


def staff(database: Database, sign_in: bool) -> None:
    """Give the merchant its cashiers, so that they have to sign in at its terminals, or let them go."""
    with database.write() as connection:
        table = schema.cashiers
        held = set(connection.scalars(sa.select(table.c.number).where(table.c.merchant == MERCHANT)))
        for number, text in CASHIERS.items():
            if sign_in:
                cashiers.set_pin(connection, MERCHANT, number, text, _WHO)
            elif number in held:
                cashiers.remove(connection, MERCHANT, number, _WHO)
