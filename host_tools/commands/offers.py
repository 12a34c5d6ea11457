"""`cheyou offers`: what merchants give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from central import audit, bookings, catalog, csv_import, offer_cells, schema
from central.database import Database
from host_tools.commands._centre import on_database, shown_time
from host_tools.commands._import import file_argument, rejects_option, report
from host_tools.listing import json_option, show
from protocol.member import is_member_id, masked


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

    discounts are like `vip=20%; ordinary=10%`; instead of a percentage a price `¥35.00`, `gift Wax/车蜡` or `pass 10 for ¥99.00`.
    limit is like `1/day` or `4/month`; ask_amount, online_only and booked are yes or no.
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
        "rules": "rules", "version": "version",
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


@command.command("book")
@on_database
@file_argument
@rejects_option
@json_option
def book_(database: Database, file: Path, rejects: Path | None, as_json: bool) -> int:
    """Take bookings in from a CSV FILE: booking_id, merchant_id, offer_id, member_id, units, from, until.

    They are redeemed on offers that are `booked`. The same booking_id again changes the booking; 0 units cancel it.
    """
    return report(csv_import.import_bookings(database, file, audit.operator()), file, rejects, as_json)


@command.command("bookings")
@on_database
@click.option("--phone", help="A member's number, 11 digits.")
@click.option("--merchant", help="Only this merchant's.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many, the newest first.")
@json_option
def bookings_(database: Database, phone: str | None, merchant: str | None, limit: int, as_json: bool) -> None:
    """List what members have booked."""
    if phone is not None and not is_member_id(phone):
        raise click.UsageError("a member's number has 11 digits and begins with 13 to 19")
    with database.read() as connection:
        found = bookings.listing(connection, int(phone) if phone else None, merchant, limit)
    rows = [
        {"booking": row["id"], "member": masked(str(row["member"])), "merchant": row["merchant"], "offer": row["offer"],
         "units": row["units"], "from": shown_time(row["valid_from"]), "until": shown_time(row["valid_until"])}
        for row in found
    ]  # fmt: skip
    columns = ("booking", "member", "merchant", "offer", "units", "from", "until")
    show(rows, dict(zip(columns, columns, strict=True)), as_json)


def _row(row: Any) -> dict[str, Any]:
    terms = row.terms
    limit = terms.get("limit")
    return {
        "merchant": row.merchant,
        "offer": row.id,
        "label": terms["label"].get("en"),
        "discount": "; ".join(f"{tier}={offer_cells.shown(given)}" for tier, given in terms["discount"].items()),
        "limit": f"{limit['count']}/{limit['per']}" if limit else None,
        "rules": ", ".join(rule for rule in ("ask_amount", "online_only", "booked") if terms.get(rule)) or None,
        "version": row.version,
        "terms": terms,
    }
