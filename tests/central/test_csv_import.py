"""CSV import: good rows taken, bad ones named by line and kept, the same file again changes nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import sqlalchemy as sa

from central import bookings, catalog, csv_import, demo, offer_cells, reminders, schema, settings_message
from central.database import Database
from central.errors import CentreError
from protocol.month import unix
from tests.central.conftest import Seeded

HEADER = "member_id,tier,active_from,active_until,blocked\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file with that text."""
    path.write_text(text, encoding=encoding, newline="")
    return path


def member(database: Database, number: int) -> tuple[object, ...] | None:
    """(tier, from, until, blocked) of a member, as set last."""
    table = schema.members
    columns = (table.c.tier, table.c.active_from, table.c.active_until, table.c.blocked)
    with database.read() as connection:
        row = connection.execute(sa.select(*columns).where(table.c.member == number).order_by(table.c.active_from.desc())).first()
    return tuple(row) if row else None


def test_good_rows_in_bad_rows_aside(seeded: Seeded, tmp_path: Path) -> None:
    text = HEADER + (
        "13312345678,vip,2026-11-01,2026-12-31,no\n"
        "133 1234 5679,ordinary,2026-11-01T08:00,,是\n"
        "13312345670,gold,2026-11-01,,\n"
        "12312345670,vip,2026-11-01,,\n"
        '"13312345671",trial,1793462400,1793548800,0\n'
        "13312345672,vip,,,\n"
        "13312345673,vip,2026-11-31,,\n"
        "13312345674,vip,2026-11-02,2026-11-01,\n"
        "13312345675,vip\n"
        "13312345676,vip,2026-11-01,,maybe\n"
        "\n"
        "１３３１２３４５６７７,vip,2026-11-01,,\n"
    )
    path = write(tmp_path / "members.csv", text)
    report = csv_import.import_members(seeded.database, path, "test")
    assert (report.rows, report.changed) == (11, 3)
    assert [line for line, _, _ in report.bad] == [4, 5, 7, 8, 9, 10, 11, 13]
    assert not any("133123" in reason for _, reason, _ in report.bad), "a reason must not hold a number"
    assert member(seeded.database, 13312345678) == (2, unix(2026, 11, 1), unix(2027, 1, 1), False)
    assert member(seeded.database, 13312345679) == (1, unix(2026, 11, 1, 8), None, True)
    assert member(seeded.database, 13312345671) == (3, 1793462400, 1793548800, False)
    rejects = tmp_path / "members.rejected.csv"
    csv_import.write_rejects(rejects, report, path)
    with rejects.open(encoding="utf-8", newline="") as file:
        kept = list(csv.reader(file))
    assert kept[0][:3] == ["line", "reason", "member_id"] and [row[0] for row in kept[1:]] == [str(row[0]) for row in report.bad]
    assert rejects.stat().st_mode & 0o077 == 0
    again = csv_import.import_members(seeded.database, path, "test")
    assert again.changed == 0 and len(again.bad) == 8


def test_encodings_of_office_software(seeded: Seeded, tmp_path: Path) -> None:
    text = "merchant_id,name_en,name_zh,category\nM2,Fix,修车行,repair\n"
    for encoding in ("utf-8-sig", "gb18030"):
        csv_import.import_merchants(seeded.database, write(tmp_path / encoding, text, encoding), "test")
        assert seeded.directory.merchants["M2"].name == {"en": "Fix", "zh": "修车行"}


def test_missing_column_is_said_before_anything_is_taken(seeded: Seeded, tmp_path: Path) -> None:
    path = write(tmp_path / "members.csv", "member_id,tier\n13312345678,vip\n")
    with pytest.raises(CentreError, match="active_from"):
        csv_import.import_members(seeded.database, path, "test")
    with pytest.raises(CentreError):
        csv_import.import_members(seeded.database, tmp_path / "no such file", "test")


def test_operator_prefixes_decide_whose_numbers_count(seeded: Seeded, tmp_path: Path) -> None:
    with seeded.database.write() as connection:
        catalog.set_property(connection, "prefixes", ["130", "1331"], "test")
    path = write(
        tmp_path / "m.csv", HEADER + "13012345678,vip,2026-11-01,,\n13312345678,vip,2026-11-01,,\n13212345678,vip,2026-11-01,,\n"
    )
    report = csv_import.import_members(seeded.database, path, "test")
    assert report.changed == 2 and [line for line, _, _ in report.bad] == [4]


def test_offers(seeded: Seeded, tmp_path: Path) -> None:
    header = "merchant_id,offer_id,label_en,label_zh,category,discounts,limit,ask_amount,online_only\n"
    rows = (
        "DEMO,2,Repair,修车,repair,vip=30; ordinary=15%,4/month,yes,no\n"
        "DEMO,3,Gift,,gift,vip=101,,,\n"
        "NONE,1,X,,x,vip=1,,,\n"
        "DEMO,4,X,,x,gold=1,,,\n"
        "DEMO,x,X,,x,vip=1,,,\n"
        "DEMO,5,X,,x,vip=1,often,,\n"
        "DEMO,6,Fixed,,x,vip=¥35.00; ordinary=40.00,,,\n"
        "DEMO,7,Gift,,x,vip=gift Wax/车蜡,,,\n"
        "DEMO,8,Pass,,x,vip=pass 10 for ¥99,,,\n"
        "DEMO,9,Mixed,,x,vip=20%; ordinary=35.00,,,\n"
        "DEMO,10,Odd,,x,vip=35.0,,,\n"
        "DEMO,11,Pass,,x,vip=pass 10 for ¥99,1/day,,\n"
    )
    path = write(tmp_path / "offers.csv", header + rows)
    report = csv_import.import_offers(seeded.database, path, "test")
    assert report.changed == 4 and [line for line, _, _ in report.bad] == [3, 4, 5, 6, 7, 11, 12, 13]
    terms = seeded.terminal.merchant.terms
    assert terms[6]["discount"] == {"vip": {"fen": 3500}, "ordinary": {"fen": 4000}}
    assert terms[7]["discount"] == {"vip": {"gift": {"en": "Wax", "zh": "车蜡"}}}
    assert terms[8]["discount"] == {"vip": {"pass": 10, "fen": 9900}}
    for number in (2, 6, 7, 8):
        text = "; ".join(f"{tier}={offer_cells.shown(given)}" for tier, given in terms[number]["discount"].items())
        assert offer_cells.discounts(text) == terms[number]["discount"], text
    offer = seeded.terminal.merchant.offers[2]
    assert (offer.limit, offer.period, offer.ask_amount, offer.percent("ordinary")) == (4, "month", True, 15)
    assert csv_import.import_offers(seeded.database, path, "test").changed == 0
    assert seeded.directory.merchants[demo.MERCHANT].terms[2]["label"] == {"en": "Repair", "zh": "修车"}


def test_bookings_and_reminders(seeded: Seeded, tmp_path: Path) -> None:
    database = seeded.database
    with database.write() as connection:
        catalog.put_offer(connection, demo.MERCHANT, demo.OFFER | {"id": 2, "booked": True})
    header = "booking_id,merchant_id,offer_id,member_id,units,from,until\n"
    rows = (
        "B1,DEMO,2,13312345678,2,2026-11-01,2026-11-30\n"
        "B2,DEMO,1,13312345678,2,2026-11-01,2026-11-30\n"
        "B3,DEMO,2,13312345678,2,2026-11-30,2026-11-01\n"
        "B4,DEMO,2,12312345678,2,2026-11-01,2026-11-30\n"
        "B5,DEMO,2,13312345678,many,2026-11-01,2026-11-30\n"
        f"B6,DEMO,{10**30},13312345678,1,2026-11-01,2026-11-30\n"
        f"B7,DEMO,2,13312345678,{10**30},2026-11-01,2026-11-30\n"
    )
    path = write(tmp_path / "bookings.csv", header + rows)
    report = csv_import.import_bookings(database, path, "test")
    assert report.changed == 1 and [line for line, _, _ in report.bad] == [3, 4, 5, 6, 7, 8]
    assert csv_import.import_bookings(database, path, "test").changed == 0
    with database.read() as connection:
        assert [row["units"] for row in bookings.listing(connection, 13_312_345_678, None, 10)] == [2]
    text = "member_id,kind,due\n13312345678,insurance,2026-11-30\n13312345678,birthday,2026-11-30\n13312345678,seasonal,soon\n"
    path = write(tmp_path / "reminders.csv", text)
    report = csv_import.import_reminders(database, path, "test")
    assert report.changed == 1 and [line for line, _, _ in report.bad] == [3, 4]
    assert csv_import.import_reminders(database, path, "test").changed == 0
    with database.read() as connection:
        assert reminders.of(connection, 13_312_345_678) == {"insurance": 20261130}
    forget = write(tmp_path / "forget.csv", "member_id,kind,due\n13312345678,insurance,\n")
    assert csv_import.import_reminders(database, forget, "test").changed == 1


def test_large_import_goes_in_portions(seeded: Seeded, tmp_path: Path) -> None:
    count = csv_import.PORTION * 2 + 7
    lines = "".join(f"{13_300_000_000 + at},vip,2026-11-01,,\n" for at in range(count))
    path = write(tmp_path / "members.csv", HEADER + lines)
    advanced: list[int] = []
    assert csv_import.import_members(seeded.database, path, "test", advanced.append).changed == count
    assert sum(advanced) == count


def test_no_more_offers_than_a_terminal_can_take(seeded: Seeded, tmp_path: Path) -> None:
    """Nine, which a digit chooses from, in no more text than settings have room for."""
    offer = {name: demo.OFFER[name] for name in ("category", "discount")}
    with seeded.database.write() as connection:
        for number in range(2, 10):
            catalog.put_offer(connection, demo.MERCHANT, offer | {"id": number, "label": {"en": f"Offer {number}"}})
        with pytest.raises(catalog.CatalogError, match="9 offers already"):
            catalog.put_offer(connection, demo.MERCHANT, offer | {"id": 10, "label": {"en": "One more"}})
        catalog.withdraw_offer(connection, demo.MERCHANT, 9, "test")
        assert catalog.put_offer(connection, demo.MERCHANT, offer | {"id": 10, "label": {"en": "Instead"}})
        with pytest.raises(catalog.CatalogError, match="9 offers already"):
            catalog.put_offer(connection, demo.MERCHANT, offer | {"id": 9, "label": {"en": "Back again"}})
        catalog.withdraw_offer(connection, demo.MERCHANT, 10, "test")
        with pytest.raises(catalog.CatalogError, match="too much text"):
            catalog.put_offer(connection, demo.MERCHANT, offer | {"id": 9, "label": {"en": "x", "zh": "洗" * 400}})
    terminal = seeded.terminal
    fields = settings_message.body(seeded.directory, terminal, {202611: b"k" * 32, 202612: b"k" * 32})
    assert settings_message.payload(terminal, 1, fields)
