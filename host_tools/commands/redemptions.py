"""`cheyou redemptions`: find what was verified and redeemed."""

from __future__ import annotations

from typing import Any

import click

from central import search
from central.database import Database
from central.offer_cells import yuan
from host_tools.commands._centre import moment, on_database, shown_time
from host_tools.listing import json_option, show

_RECORDS = {
    "at": "time", "kind": "kind", "member": "member", "merchant": "merchant", "terminal": "terminal", "place": "record",
    "cashier": "cashier", "offer": "offer", "amount_yuan": "amount", "price_yuan": "price", "voided": "voided",
    "marks": "marks", "would_have_been": "would have been",
}  # fmt: skip
_CHECKS = {
    "at": "time", "member": "member", "merchant": "merchant", "terminal": "terminal", "month": "month", "reason": "reason",
}  # fmt: skip


@click.command()
@on_database
@click.option("--phone", help="A member's number, 11 digits.")
@click.option("--merchant", help="A merchant's id.")
@click.option("--terminal", help="A terminal's id.")
@click.option("--since", help="From this time on (2026-11-22 or 2026-11-22T14:32, CST).")
@click.option("--until", help="Before this time.")
@click.option("--limit", default=100, show_default=True, help="At most so many, the newest first.")
@click.option("--before", type=int, help="Go on from a page: the id it ended with.")
@click.option("--checks", is_flag=True, help="Checks the centre answered, instead of what was redeemed.")
@click.option("--refusals", is_flag=True, help="What terminals refused, instead of what was redeemed.")
@click.option("--full", is_flag=True, help="Show numbers unmasked.")
@json_option
def command(
    database: Database,
    phone: str | None,
    merchant: str | None,
    terminal: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    before: int | None,
    checks: bool,
    refusals: bool,
    full: bool,
    as_json: bool,
) -> None:
    """Find redemptions by phone number, merchant, terminal and time."""
    if phone is not None and not (len(phone) == 11 and phone.isascii() and phone.isdigit()):
        raise click.UsageError("a phone number has 11 digits")
    query = search.Query(phone, merchant, terminal, moment(since), moment(until), before, limit, full)
    find = search.checks if checks else search.refusals if refusals else search.redemptions
    with database.read() as connection:
        page = find(connection, query)
    rows = [row | {"at": shown_time(row["time"]), **_cells(row)} for row in page["items"]]
    show(page["items"] if as_json else rows, _CHECKS if checks else _RECORDS, as_json)
    if page["next"] and not as_json:
        click.echo(f"there is more: --before {page['next']}", err=True)


def _cells(row: dict[str, Any]) -> dict[str, object]:
    if "sequence" not in row:
        return {}
    marks = row["marks"]
    # Where the cashier keyed no amount and the offer has no price of its own, nothing is known of either.
    money = {f"{name}_yuan": yuan(row[name]) if row[name] else None for name in ("amount", "price")}
    return {
        "place": f"{row['epoch']}/{row['sequence']}",
        "cashier": row["cashier"] or None,
        "marks": ", ".join(marks) or None,
        **money,
    }
