"""Members, merchants and offers from CSV: good rows are taken, bad ones are reported by line and kept aside.

Importing the same file again changes nothing. Rows are committed in portions, so that a large import never keeps records
waiting, and one that was interrupted is simply started again.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from central import audit, catalog, members, schema
from central.catalog import CatalogError
from central.database import Database
from central.directory import load_properties
from central.errors import CentreError
from protocol.month import CST_S

PORTION = 4000
_DAY_S = 86_400
_TRUE, _FALSE = ("1", "yes", "true", "y", "是"), ("", "0", "no", "false", "n", "否")
_FIRST_TIME, _LAST_TIME = 946_684_800, 0xFFFF_FFFF  # 2000 to what a record can carry

Row = dict[str, str]


class RowError(ValueError):
    """A row that cannot be taken; the text says why, without any member's number."""


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
        prefixes = tuple(load_properties(connection)["prefixes"])

    def parse(row: Row) -> dict[str, Any]:
        number = row["member_id"].replace(" ", "")
        if not members.accepted(number, prefixes):
            raise RowError("member_id is no number of ours")
        if row["tier"] not in codes:
            raise RowError(f"there is no tier {row['tier']!r}")
        begins, ends = moment(row["active_from"], False), moment(row.get("active_until", ""), True)
        if begins is None:
            raise RowError("active_from is missing")
        if ends is not None and ends <= begins:
            raise RowError("active_until is before active_from")
        return {
            "member": int(number),
            "tier": codes[row["tier"]],
            "active_from": begins,
            "active_until": ends,
            "blocked": truth(row.get("blocked", "")),
        }

    def put(connection: sa.Connection, parsed: list[dict[str, Any]]) -> int:
        return members.put(connection, database, parsed)

    return _import(database, path, ("member_id", "tier", "active_from"), parse, put, who, "members.import", advance)


def import_merchants(database: Database, path: Path, who: str) -> Report:
    """Columns ``merchant_id, name_en, name_zh, category``."""

    def parse(row: Row) -> tuple[str, dict[str, str], str]:
        name = {"en": row["name_en"]} | ({"zh": row["name_zh"]} if row.get("name_zh") else {})
        return row["merchant_id"], name, row["category"]

    def put(connection: sa.Connection, merchant: tuple[str, dict[str, str], str]) -> bool:
        return catalog.put_merchant(connection, *merchant)

    return _import(database, path, ("merchant_id", "name_en", "category"), parse, _each(put), who, "merchants.import", portion=1)


def import_offers(database: Database, path: Path, who: str) -> Report:
    """Columns ``merchant_id, offer_id, label_en, label_zh, category, discounts, limit, ask_amount, online_only``.

    ``discounts``: ``vip=20;ordinary=10``, percent off · ``limit``: ``1/day``, ``4/month`` or empty.
    """

    def put(connection: sa.Connection, offer: tuple[str, dict[str, Any]]) -> bool:
        return catalog.put_offer(connection, *offer)

    required = ("merchant_id", "offer_id", "label_en", "category", "discounts")
    return _import(database, path, required, _offer, _each(put), who, "offers.import", portion=1)


def _offer(row: Row) -> tuple[str, dict[str, Any]]:
    try:
        offer_id = int(row["offer_id"])
        pairs = [part.split("=") for part in row["discounts"].split(";") if part.strip()]
        discount = {tier.strip(): {"percent": int(percent.strip().rstrip("%"))} for tier, percent in pairs}
    except ValueError:
        raise RowError("offer_id is a number, discounts are like vip=20;ordinary=10") from None
    terms: dict[str, Any] = {
        "id": offer_id,
        "label": {"en": row["label_en"]} | ({"zh": row["label_zh"]} if row.get("label_zh") else {}),
        "category": row["category"],
        "discount": discount,
        "ask_amount": truth(row.get("ask_amount", "")),
        "online_only": truth(row.get("online_only", "")),
    }
    if row.get("limit"):
        count, _, period = row["limit"].partition("/")
        if not count.strip().isdigit() or period.strip() not in ("day", "month"):
            raise RowError("limit is like 1/day or 4/month")
        terms["limit"] = {"count": int(count), "per": period.strip()}
    return row["merchant_id"], terms


def moment(text: str, end: bool) -> int | None:
    """Unix seconds of a cell: seconds, a date, or a date and time in China Standard Time; None for an empty one.

    A date alone means its first second, or with ``end`` the first second after it: a membership *until* a day has that day.
    """
    text = text.strip()
    if not text:
        return None
    if text.isdigit() and len(text) >= 9:
        value = int(text)
    else:
        try:
            parsed = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise RowError(f"{text!r} is no date") from None
        cst = datetime.timezone(datetime.timedelta(seconds=CST_S))
        value = int((parsed if parsed.tzinfo else parsed.replace(tzinfo=cst)).timestamp())
        if end and len(text) == 10:
            value += _DAY_S
    if not _FIRST_TIME <= value <= _LAST_TIME:
        raise RowError(f"{text!r} is not between 2000 and 2106")
    return value


def truth(text: str) -> bool:
    """Yes or no, as people write it; an empty cell is no."""
    value = text.strip().lower()
    if value not in _TRUE + _FALSE:
        raise RowError(f"{text!r} is neither yes nor no")
    return value in _TRUE


def write_rejects(path: Path, report: Report, source: Path) -> None:
    """Keep the bad rows: as they came, with line and reason in front, readable by their owner alone."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "reason", *_header(source)])
        writer.writerows([line, reason, *row] for line, reason, row in report.bad)


def _each(put: Callable[[sa.Connection, Any], bool]) -> Callable[[sa.Connection, list[Any]], int]:
    return lambda connection, parsed: sum(put(connection, one) for one in parsed)


def _import(
    database: Database,
    path: Path,
    required: tuple[str, ...],
    parse: Callable[[Row], Any],
    put: Callable[[sa.Connection, list[Any]], int],
    who: str,
    action: str,
    advance: Callable[[int], None] = lambda _: None,
    portion: int = PORTION,
) -> Report:
    report = Report()
    waiting: list[Any] = []

    def store() -> None:
        if waiting:
            with database.write() as connection:
                report.changed += put(connection, waiting)
            waiting.clear()

    for line, cells, row in _rows(path, required):
        report.rows += 1
        try:
            if row is None:
                raise RowError("has not as many cells as the header")
            waiting.append(parse(row))
            if len(waiting) >= portion:
                store()
        except (RowError, CatalogError) as error:
            if portion == 1:
                waiting.clear()
            report.bad.append((line, str(error), cells))
        advance(1)
    store()
    with database.write() as connection:
        audit.note(connection, who, action, path.name, rows=report.rows, changed=report.changed, bad=len(report.bad))
    return report


def _header(path: Path) -> list[str]:
    with path.open(encoding=_encoding(path), newline="") as file:
        return next(csv.reader(file), [])


def _rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, list[str], Row | None]]:
    """(line, cells, cells by column or None when their number does not fit the header)."""
    with path.open(encoding=_encoding(path), newline="") as file:
        reader = csv.reader(file)
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in required if name not in header]
        if missing:
            raise CentreError(f"{path.name} has no column {missing[0]}", f"its first line must name {', '.join(required)}")
        try:
            for cells in reader:
                if cells:
                    row = dict(zip(header, (cell.strip() for cell in cells), strict=True)) if len(cells) == len(header) else None
                    yield reader.line_num, cells, row
        except csv.Error as error:
            raise CentreError(f"{path.name} line {reader.line_num}: {error}", "mend the file and import it again") from None


def _encoding(path: Path) -> str:
    """UTF-8, with or without a mark; or GB 18030, which is what Chinese office software writes."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    except OSError as error:
        raise CentreError(f"cannot read {path}: {error.strerror}", "check the name") from None
    return "utf-8-sig"
