"""Merchants, their offers, the tiers and the operator's own settings."""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa

from central import audit, pins, reminders, schema
from central.database import now, touch
from central.directory import PROPERTY_DEFAULTS
from central.errors import CentreError
from protocol import cashiers
from protocol.offer_rules import OfferError, checked

_LIST_AGE = re.compile(r"(warn|ask|refuse)_hours(\.[a-z0-9_-]{1,20})?")
_MAX_OFFERS = 9  # a digit chooses one
_MAX_TERMS = 3000  # of the 4,096 bytes of settings, with the cashiers; the rest is for list keys, tiers and names


class CatalogError(ValueError):
    """A merchant, offer or setting that is not of the documented form."""


def put_merchant(connection: sa.Connection, merchant: str, name: dict[str, str], category: str) -> bool:
    """Add a merchant or change its name and category; True when that changed anything."""
    if not 1 <= len(merchant) <= 20 or not merchant.isascii() or not merchant.isprintable():
        raise CatalogError("merchant id: 1 to 20 printable ASCII characters expected")
    if not name.get("en") or not all(isinstance(text, str) and len(text) <= 40 for text in name.values()):
        raise CatalogError("merchant name: English name of at most 40 characters expected")
    if not category or len(category) > 20:
        raise CatalogError("category: 1 to 20 characters expected")
    table = schema.merchants
    held = connection.execute(sa.select(table).where(table.c.id == merchant)).first()
    if held is not None and held.name == name and held.category == category:
        return False
    if held is None:
        connection.execute(table.insert().values(id=merchant, name=name, category=category, created_at=now()))
    else:
        connection.execute(table.update().where(table.c.id == merchant).values(name=name, category=category))
    touch(connection, "registry")
    return True


def suspend_merchant(connection: sa.Connection, merchant: str, suspended: bool, who: str) -> None:
    """Suspend a merchant from now on, or let it serve again."""
    table = schema.merchants
    held = connection.execute(sa.select(table.c.suspended_at).where(table.c.id == merchant)).first()
    if held is None:
        raise CentreError(f"there is no merchant {merchant}", "see `cheyou merchants list`")
    if (held.suspended_at is not None) == suspended:
        return
    connection.execute(table.update().where(table.c.id == merchant).values(suspended_at=now() if suspended else None))
    touch(connection, "registry")
    audit.note(connection, who, "merchant.suspend" if suspended else "merchant.resume", merchant)


def set_pin(connection: sa.Connection, merchant: str, text: str, who: str) -> None:
    """Set the supervisor's PIN of a merchant; its terminals learn it with their next settings. `CentreError` otherwise."""
    table = schema.merchants
    digest = pins.digest(connection, merchant, pins.SUPERVISOR, text)
    connection.execute(table.update().where(table.c.id == merchant).values(pin=digest))
    touch(connection, "registry")
    audit.note(connection, who, "merchant.pin", merchant)


def put_offer(connection: sa.Connection, merchant: str, terms: dict[str, Any]) -> bool:
    """Add or change one offer (as protocol/offers.py has it); True when that changed anything. `CatalogError` otherwise."""
    try:
        offer = checked(terms)
    except OfferError as error:
        raise CatalogError(str(error)) from None
    if connection.scalar(sa.select(schema.merchants.c.id).where(schema.merchants.c.id == merchant)) is None:
        raise CatalogError(f"there is no merchant {merchant}")
    known = set(connection.scalars(sa.select(schema.tiers.c.name)))
    for tier in offer.discount or ():
        if tier not in known:
            raise CatalogError(f"offer {offer.id}: there is no tier {tier}")
    table = schema.offers
    others = sa.select(table.c.terms).where(table.c.merchant == merchant, table.c.id != offer.id, table.c.withdrawn_at.is_(None))
    alive = [terms, *connection.scalars(others)]
    signing_in = schema.cashiers.c
    staff = connection.scalar(sa.select(sa.func.count()).where(signing_in.merchant == merchant)) or 0
    if len(alive) > _MAX_OFFERS:
        raise CatalogError(f"merchant {merchant} has {_MAX_OFFERS} offers already; withdraw one")
    if not has_room(alive, staff):
        raise CatalogError(f"offers of {merchant}: too much text for a terminal; shorten labels or withdraw an offer")
    held = connection.execute(sa.select(table).where(table.c.merchant == merchant, table.c.id == offer.id)).first()
    if held is not None and held.terms == terms and held.withdrawn_at is None:
        return False
    if held is None:
        connection.execute(table.insert().values(merchant=merchant, id=offer.id, version=1, terms=terms))
    else:
        connection.execute(
            table.update()
            .where(table.c.merchant == merchant, table.c.id == offer.id)
            .values(version=held.version + 1, terms=terms, withdrawn_at=None)
        )
    touch(connection, "registry")
    return True


def has_room(terms: list[dict[str, Any]], staff: int) -> bool:
    """Whether the settings of a terminal have room for these offers and so many cashiers."""
    return len(json.dumps(terms)) + staff * cashiers.ENTRY <= _MAX_TERMS


def withdraw_offer(connection: sa.Connection, merchant: str, offer: int, who: str) -> None:
    """Take an offer back; redemptions made on it stay."""
    table = schema.offers
    where = sa.and_(table.c.merchant == merchant, table.c.id == offer, table.c.withdrawn_at.is_(None))
    if not connection.execute(table.update().where(where).values(withdrawn_at=now())).rowcount:
        raise CentreError(f"merchant {merchant} has no offer {offer}", "see `cheyou offers list`")
    touch(connection, "registry")
    audit.note(connection, who, "offer.withdraw", merchant, offer=offer)


def put_tier(connection: sa.Connection, code: int, name: str, label: dict[str, str]) -> None:
    """Add a tier, or change its labels. Code 0 is ``blocked`` and codes are never given to another name."""
    table = schema.tiers
    held = connection.scalar(sa.select(table.c.name).where(table.c.code == code))
    if not 1 <= code <= 255 or (held is not None and held != name):
        raise CatalogError(f"tier code {code} is not free for {name}")
    if held is None:
        connection.execute(table.insert().values(code=code, name=name, label=label))
    else:
        connection.execute(table.update().where(table.c.code == code).values(label=label))
    touch(connection, "registry")


def set_property(connection: sa.Connection, name: str, value: Any, who: str) -> None:
    """Set one of the operator's settings; `CentreError` when there is none of that name or the value is not of its form."""
    if not _fits(name, value):
        raise CentreError(f"{name} cannot be {value!r}", "see docs/central.md, Settings")
    table = schema.properties
    held = connection.execute(sa.select(table.c.value).where(table.c.name == name)).first()
    if held is not None and held.value == value:
        return
    if held is None:
        connection.execute(table.insert().values(name=name, value=value))
    else:
        connection.execute(table.update().where(table.c.name == name).values(value=value))
    touch(connection, "registry")
    audit.note(connection, who, "setting", name, value=value)


def _fits(name: str, value: Any) -> bool:
    if name == "grace_hours":
        return type(value) is int and 0 <= value <= 744
    if name == "prefixes":
        return isinstance(value, list) and all(isinstance(p, str) and 1 <= len(p) <= 11 and p.isdigit() for p in value)
    if name == "list_age":
        return (
            isinstance(value, dict)
            and len(value) <= 16
            and all(_LIST_AGE.fullmatch(key) and type(hours) is int and 0 < hours <= 8784 for key, hours in value.items())
        )
    if name == "reminder_categories":
        return isinstance(value, dict) and all(kind in reminders.KINDS and _are_texts(fit) for kind, fit in value.items())
    return name in PROPERTY_DEFAULTS


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and 1 <= len(text) <= 20 for text in value)
