"""What the operator has in CSV files: good rows are taken, bad ones are reported by line and kept aside.

Importing the same file again changes nothing. Rows are committed in portions, so that a large import never keeps records
waiting, and one that was interrupted is simply started again.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from central import audit, bookings, catalog, feed, members, offer_cells, reminders, schema
from central.catalog import CatalogError
from central.cells import RowError, moment, truth
from central.database import Database
from central.directory import load_properties
from central.errors import CentreError

PORTION = 4000

Row = dict[str, str]


class Waiting(NamedTuple):
    """A good row that is to be stored: its line, its cells as they came, and what they say."""

    line: int
    cells: list[str]
    parsed: Any


@dataclass
class Report:
    """What became of a file. ``bad`` holds (line, reason, the row as it came)."""

    rows: int = 0
    changed: int = 0
    bad: list[tuple[int, str, list[str]]] = field(default_factory=list)


def import_members(database: Database, path: Path, who: str, advance: Callable[[int], None] = lambda _: None) -> Report:
    """Columns ``member_id, tier, active_from, active_until, blocked``."""
    with database.read() as connection:
        codes = {row.name: row.code for row in connection.execute(sa.select(schema.tiers))}
    prefixes = _prefixes(database)

    def parse(row: Row) -> dict[str, Any]:
        number = _member(row, prefixes)
        if row["tier"] not in codes:
            raise RowError(f"there is no tier {row['tier']!r}")
        begins, ends = moment(row["active_from"], False), moment(row.get("active_until", ""), True)
        if begins is None:
            raise RowError("active_from is missing")
        if ends is not None and ends <= begins:
            raise RowError("active_until is before active_from")
        return {
            "member": number,
            "tier": codes[row["tier"]],
            "active_from": begins,
            "active_until": ends,
            "blocked": truth(row.get("blocked", "")),
        }

    def put(connection: sa.Connection, waiting: list[Waiting], _report: Report) -> int:
        return members.put(connection, [one.parsed for one in waiting])

    return _import(database, path, ("member_id", "tier", "active_from"), parse, put, who, "members.import", advance)


def import_events(
    database: Database, path: Path, source: str, who: str, advance: Callable[[int], None] = lambda _: None
) -> Report:
    """A feed of members' events: columns ``event_id, time, member_id, event, tier, until``; ``source`` says whose it is."""
    with database.read() as connection:
        parse = feed.Parser(connection)

    def put(connection: sa.Connection, waiting: list[Waiting], report: Report) -> int:
        taken = feed.take(connection, database, source, [one.parsed for one in waiting])
        for index in taken.clashes:
            report.bad.append((waiting[index].line, feed.CLASH, waiting[index].cells))
        return taken.new

    return _import(database, path, feed.REQUIRED, parse, put, who, "members.feed", advance)


def import_merchants(database: Database, path: Path, who: str) -> Report:
    """Columns ``merchant_id, name_en, name_zh, category``."""

    def parse(row: Row) -> tuple[str, dict[str, str], str]:
        name = {"en": row["name_en"]} | ({"zh": row["name_zh"]} if row.get("name_zh") else {})
        return row["merchant_id"], name, row["category"]

    def put(connection: sa.Connection, merchant: tuple[str, dict[str, str], str]) -> bool:
        return catalog.put_merchant(connection, *merchant)

    return _import(database, path, ("merchant_id", "name_en", "category"), parse, _each(put), who, "merchants.import", portion=1)


def import_offers(database: Database, path: Path, who: str) -> Report:
    """Columns ``merchant_id, offer_id, label_en, label_zh, category, discounts, limit, ask_amount, online_only, booked``.

    ``discounts``: see central/offer_cells.py · ``limit``: ``1/day``, ``4/month`` or empty.
    """

    def put(connection: sa.Connection, offer: tuple[str, dict[str, Any]]) -> bool:
        return catalog.put_offer(connection, *offer)

    required = ("merchant_id", "offer_id", "label_en", "category", "discounts")
    return _import(database, path, required, _offer, _each(put), who, "offers.import", portion=1)


def _offer(row: Row) -> tuple[str, dict[str, Any]]:
    if not row["offer_id"].isdecimal():
        raise RowError("offer_id is a number")
    terms: dict[str, Any] = {
        "id": int(row["offer_id"]),
        "label": {"en": row["label_en"]} | ({"zh": row["label_zh"]} if row.get("label_zh") else {}),
        "category": row["category"],
        "discount": offer_cells.discounts(row["discounts"]),
        "ask_amount": truth(row.get("ask_amount", "")),
        "online_only": truth(row.get("online_only", "")),
        "booked": truth(row.get("booked", "")),
    }
    if row.get("limit"):
        count, _, period = row["limit"].partition("/")
        if not count.strip().isdigit() or period.strip() not in ("day", "month"):
            raise RowError("limit is like 1/day or 4/month")
        terms["limit"] = {"count": int(count), "per": period.strip()}
    return row["merchant_id"], terms


def import_bookings(database: Database, path: Path, who: str) -> Report:
    """Columns ``booking_id, merchant_id, offer_id, member_id, units, from, until``; 0 units cancel a booking."""
    prefixes = _prefixes(database)

    def parse(row: Row) -> tuple[Any, ...]:
        begins, ends = moment(row["from"], False), moment(row["until"], True)
        if begins is None or ends is None:
            raise RowError("from and until are needed")
        if not (row["offer_id"].isdecimal() and row["units"].isdecimal()):
            raise RowError("offer_id and units are numbers")
        number = _member(row, prefixes)
        return row["booking_id"], row["merchant_id"], int(row["offer_id"]), number, int(row["units"]), (begins, ends)

    def put(connection: sa.Connection, booking: tuple[Any, ...]) -> bool:
        return bookings.put(connection, database, *booking)

    required = ("booking_id", "merchant_id", "offer_id", "member_id", "units", "from", "until")
    return _import(database, path, required, parse, _each(put), who, "bookings.import", portion=1)


def import_reminders(database: Database, path: Path, who: str) -> Report:
    """Columns ``member_id, kind, due``: a date, or nothing for what is no longer due."""
    prefixes = _prefixes(database)

    def parse(row: Row) -> tuple[int, str, int | None]:
        due = moment(row["due"], False)
        if row["kind"] not in reminders.KINDS:
            raise RowError(f"kind is one of {', '.join(reminders.KINDS)}")
        return _member(row, prefixes), row["kind"], None if due is None else reminders.day(due)

    def put(connection: sa.Connection, waiting: list[Waiting], _report: Report) -> int:
        return sum(reminders.put(connection, database, *one.parsed) for one in waiting)

    return _import(database, path, ("member_id", "kind", "due"), parse, put, who, "reminders.import")


def _prefixes(database: Database) -> tuple[str, ...]:
    with database.read() as connection:
        return tuple(load_properties(connection)["prefixes"])


def _member(row: Row, prefixes: tuple[str, ...]) -> int:
    number = row["member_id"].replace(" ", "")
    if not members.accepted(number, prefixes):
        raise RowError("member_id is no number of ours")
    return int(number)


def write_rejects(path: Path, report: Report, source: Path) -> None:
    """Keep the bad rows: as they came, with line and reason in front, readable by their owner alone."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "reason", *next(_lines(source), (0, []))[1]])
        writer.writerows([line, reason, *row] for line, reason, row in report.bad)


def _each(put: Callable[[sa.Connection, Any], bool]) -> Callable[[sa.Connection, list[Waiting], Report], int]:
    return lambda connection, waiting, _: sum(put(connection, one.parsed) for one in waiting)


def _import(
    database: Database,
    path: Path,
    required: tuple[str, ...],
    parse: Callable[[Row], Any],
    put: Callable[[sa.Connection, list[Waiting], Report], int],
    who: str,
    action: str,
    advance: Callable[[int], None] = lambda _: None,
    portion: int = PORTION,
) -> Report:
    report = Report()
    waiting: list[Waiting] = []

    def store() -> None:
        if waiting:
            with database.write() as connection:
                report.changed += put(connection, waiting, report)
            waiting.clear()

    lines = _lines(path)
    header = _header(path, lines, required)
    for line, cells in lines:
        report.rows += 1
        try:
            waiting.append(Waiting(line, cells, parse(_named(header, cells))))
            if len(waiting) >= portion:
                store()
        except (RowError, CatalogError) as error:
            if portion == 1:
                waiting.clear()
            report.bad.append((line, str(error), cells))
        advance(1)
    store()
    report.bad.sort(key=lambda bad: bad[0])
    with database.write() as connection:
        audit.note(connection, who, action, path.name, rows=report.rows, changed=report.changed, bad=len(report.bad))
    return report


def _header(path: Path, lines: Iterator[tuple[int, list[str]]], required: tuple[str, ...]) -> list[str]:
    header = [name.strip().lower() for name in next(lines, (0, []))[1]]
    missing = [name for name in required if name not in header]
    if missing:
        raise CentreError(f"{path.name} has no column {missing[0]}", f"its first line must name {', '.join(required)}")
    return header


def _named(header: list[str], cells: list[str]) -> Row:
    if len(cells) == 1 and len(header) > 1:
        raise RowError("cannot be read: a quote is not closed, or it has one cell only")
    if len(cells) != len(header):
        raise RowError("has not as many cells as the header")
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    if not all(cell.isprintable() for cell in cells):
        raise RowError("holds characters that are no text")
    return row


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells), blank lines left out. Each line by itself, so that a stray quote spoils no other; one that is no CSV is a
    single cell."""
    with path.open(encoding=_encoding(path), errors="surrogateescape") as file:
        for line, text in enumerate(file, 1):
            try:
                cells = next(csv.reader((text.rstrip("\n"),), strict=True), [])
            except csv.Error:
                cells = [text.rstrip("\n")]
            if cells:
                yield line, cells


def _encoding(path: Path) -> str:
    """UTF-8, with or without a mark; or GB 18030, which is what Chinese office software writes. What is wholly neither is read as
    UTF-8, and its odd lines turn out bad."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        except OSError as error:
            raise CentreError(f"cannot read {path}: {error.strerror}", "check the name") from None
        return encoding
    return "utf-8-sig"
