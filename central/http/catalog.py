"""Merchants and offers over HTTP."""

# No postponed annotations here: FastAPI must see the dependencies that are bound to an instance.

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from central import catalog, schema
from central.database import Database
from central.http.access import Access

_Id = Annotated[str, Path(pattern=r"^[!-~]{1,20}$")]


class Merchant(BaseModel):
    """A partner merchant; `name` by language, English required."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: dict[str, str] = Field(examples=[{"en": "Demo Wash", "zh": "车之家洗车"}], max_length=8)
    category: str = Field(min_length=1, max_length=20, pattern=r"^[^\x00]+$")


class Suspension(BaseModel):
    """Whether a merchant or terminal is suspended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    suspended: bool


def router(database: Database, access: Access) -> APIRouter:
    """/merchants and /merchants/{merchant}/offers."""
    routes = APIRouter(tags=["merchants and offers"])
    Who = Annotated[str, Depends(access.token)]  # noqa: N806 - a type

    @routes.get("/merchants")
    def merchants() -> dict[str, Any]:
        """Every merchant."""
        with database.read() as connection:
            found = connection.execute(sa.select(schema.merchants).order_by(schema.merchants.c.id))
            return {"items": [_merchant(row) for row in found]}

    @routes.put("/merchants/{merchant}")
    def put_merchant(merchant: _Id, given: Merchant, _who: Who) -> dict[str, Any]:
        """Add a merchant or change its name and category."""
        _no_nul(given.name)
        with database.write() as connection:
            return {"changed": catalog.put_merchant(connection, merchant, given.name, given.category)}

    @routes.put("/merchants/{merchant}/suspension")
    def suspend(merchant: _Id, given: Suspension, who: Who) -> dict[str, Any]:
        """Suspend a merchant or let it serve again."""
        with database.write() as connection:
            catalog.suspend_merchant(connection, merchant, given.suspended, f"api:{who}")
        return {"suspended": given.suspended}

    @routes.get("/merchants/{merchant}/offers")
    def offers(merchant: _Id) -> dict[str, Any]:
        """A merchant's offers in force."""
        table = schema.offers
        query = sa.select(table).where(table.c.merchant == merchant, table.c.withdrawn_at.is_(None)).order_by(table.c.id)
        with database.read() as connection:
            return {"items": [{"version": row.version, "terms": row.terms} for row in connection.execute(query)]}

    @routes.put("/merchants/{merchant}/offers")
    def put_offer(merchant: _Id, terms: dict[str, Any], _who: Who) -> dict[str, Any]:
        """Add or change one offer, as protocol/offers.py describes it."""
        _no_nul(terms)
        with database.write() as connection:
            return {"changed": catalog.put_offer(connection, merchant, terms)}

    @routes.delete("/merchants/{merchant}/offers/{offer}")
    def withdraw(merchant: _Id, offer: Annotated[int, Path(ge=1, le=0xFFFF)], who: Who) -> dict[str, Any]:
        """Take an offer back."""
        with database.write() as connection:
            catalog.withdraw_offer(connection, merchant, offer, f"api:{who}")
        return {"withdrawn": offer}

    return routes


def _merchant(row: Any) -> dict[str, Any]:
    return {"merchant": row.id, "name": row.name, "category": row.category, "suspended": row.suspended_at is not None}


def _no_nul(value: Any) -> None:
    """PostgreSQL stores no NUL character in text or JSON."""
    if isinstance(value, str) and "\x00" in value:
        raise catalog.CatalogError("text must not hold NUL")
    if isinstance(value, dict):
        for key, inner in value.items():
            _no_nul(key)
            _no_nul(inner)
    if isinstance(value, list):
        for inner in value:
            _no_nul(inner)
