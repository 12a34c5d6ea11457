"""`cheyou offers`: what merchants give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from central import audit, catalog, csv_import, schema
from central.database import Database
from host_tools.commands._centre import on_database
from host_tools.commands._import import file_argument, rejects_option, report
from host_tools.listing import json_option, show


@click.group()
def command() -> None:
    """What merchants give their members."""


@command.command("import")
@on_database
@file_argument
@rejects_option
@json_option
def import_(database: Database, file: Path, rejects: Path | None, as_json: bool) -> int:
    """Take offers in from a CSV FILE: merchant_id, offer_id, label_en, label_zh, category, discounts, limit, …

    discounts are like `vip=20;ordinary=10` (percent off), limit like `1/day` or `4/month`; ask_amount and online_only are
    yes or no.
    """
    return report(csv_import.import_offers(database, file, audit.operator()), file, rejects, as_json)


@command.command("list")
@on_database
@click.option("--merchant", help="Only this merchant's.")
@json_option
def list_(database: Database, merchant: str | None, as_json: bool) -> None:
    """List offers in force."""
    table = schema.offers
    query = select(table).where(table.c.withdrawn_at.is_(None)).order_by(table.c.merchant, table.c.id)
    if merchant:
        query = query.where(table.c.merchant == merchant)
    with database.read() as connection:
        rows = [_row(row) for row in connection.execute(query)]
    columns = {
        "merchant": "merchant", "offer": "offer", "label": "label", "discount": "discount", "limit": "limit",
        "version": "version",
    }  # fmt: skip
    show(rows, columns, as_json)


@command.command()
@on_database
@click.argument("merchant")
@click.argument("offer", type=int)
def withdraw(database: Database, merchant: str, offer: int) -> None:
    """Take an offer back; redemptions made on it stay."""
    with database.write() as connection:
        catalog.withdraw_offer(connection, merchant, offer, audit.operator())


def _row(row: Any) -> dict[str, Any]:
    terms = row.terms
    limit = terms.get("limit")
    return {
        "merchant": row.merchant,
        "offer": row.id,
        "label": terms["label"].get("en"),
        "discount": ", ".join(f"{tier} {_gives(given)}" for tier, given in terms["discount"].items()),
        "limit": f"{limit['count']} a {limit['per']}" if limit else None,
        "version": row.version,
        "terms": terms,
    }


def _gives(given: dict[str, Any]) -> str:
    return f"{given['percent']} %" if "percent" in given else str(given)
