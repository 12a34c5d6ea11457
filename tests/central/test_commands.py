"""The commands of the centre as an operator types them: what they print, their exit codes, what they never show."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from central import demo, schema
from central.database import Database
from central.ingest import Intake
from host_tools import cli
from tests.central.chains import append, batch, journal
from tests.central.conftest import Seeded


class Typed:
    """Types commands; `json` parses what `--json` printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], url: str) -> None:
        self._capsys = capsys
        self._url = url
        self.out = self.err = ""

    def __call__(self, line: str, *more: str) -> int:
        """The exit code; what was printed is in `out` and `err`."""
        code = cli.run([*line.split(), *more, "--db", self._url])
        self.out, self.err = self._capsys.readouterr()
        return code

    def json(self, line: str, *more: str) -> Any:
        """What the command printed with `--json`."""
        assert self(line, *more, "--json") in (0, 1)
        return json.loads(self.out)


@pytest.fixture
def shop(tmp_path: Path) -> Seeded:
    """Demo data in SQLite."""
    database = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    database.create()
    return Seeded(database, demo.seed(database))


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], shop: Seeded) -> Typed:
    """An operator at the command line of a demo centre."""
    return Typed(capsys, shop.database.url.render_as_string(hide_password=False))


def store(shop: Seeded, count: int, **fields: Any) -> None:
    """Redemptions as if a terminal had sent them."""
    made = journal(shop.key, 0)
    for _ in range(count):
        append(made, **fields)
    with shop.database.write() as connection:
        Intake(connection, shop.database, shop.directory).take([batch(shop.terminal, made, 1, count)])


def test_imports_report_by_line_and_exit_with_1(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(
        "member_id,tier,active_from,active_until,blocked\n13312345678,vip,2026-11-01,,\n13312345679,gold,2026-11-01,,\n"
    )
    assert typed("members import", str(path)) == 1
    assert "members.csv line 3: there is no tier 'gold'" in typed.err and "13312345679" not in typed.err + typed.out
    assert "13312345679" in (tmp_path / "members.rejected.csv").read_text()
    assert typed.json("members import", str(path))["changed"] == 0
    path.write_text("member_id,tier,active_from\n13312345679,vip,2026-11-01\n")
    assert typed("members import", str(path)) == 0
    assert typed("members import", str(tmp_path / "none.csv")) == 2
    assert typed.json("members show", "13312345679")[0]["member"] == "133****5679"
    assert typed("members show", "13312345600") == 1


def test_a_new_terminals_key_goes_to_a_private_file_and_nowhere_else(typed: Typed, shop: Seeded, tmp_path: Path) -> None:
    file = tmp_path / "key"
    assert typed("terminals add T0002 --merchant DEMO --key-file", str(file)) == 0
    key = bytes.fromhex(file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600 and key.hex() not in typed.out + typed.err
    assert shop.directory.terminals["T0002"].keys.key == key
    assert typed("terminals add T0003 --merchant DEMO --key-file", str(file)) == 1
    assert "T0003" not in shop.directory.terminals, "registered although its key could not be written"
    assert typed("terminals add t3 --merchant DEMO --key-file", str(tmp_path / "x")) == 1
    assert typed("terminals add T0003 --merchant NONE --key-file", str(tmp_path / "y")) == 1
    assert typed.err.count("\n") == 1 and "; " in typed.err, "one line that says the next step"
    listed = typed.json("terminals list")
    assert [row["terminal"] for row in listed] == ["T0001", "T0002"] and key.hex() not in typed.out
    for command in ("suspend", "resume", "suspend"):
        assert typed(f"terminals {command} T0002") == 0
    assert typed.json("terminals list")[1]["suspended"] is True
    assert typed("terminals suspend T9") == 1


def test_redemptions_are_found_and_masked(typed: Typed, shop: Seeded) -> None:
    store(shop, 3, member=13_800_138_000)
    rows = typed.json("redemptions --phone 13800138000 --merchant DEMO --terminal T0001 --since 2026-01-01")
    assert [row["sequence"] for row in rows] == [3, 2, 1] and {row["member"] for row in rows} == {"138****8000"}
    assert typed.json("redemptions --full")[0]["member"] == "13800138000"
    assert typed.json("redemptions --until 2026-01-01") == []
    assert typed("redemptions --limit 2") == 0 and "13800138000" not in typed.out and "--before 2" in typed.err
    assert typed.out.splitlines()[0].startswith("time\tkind\tmember")
    assert "¥" not in typed.out, "nothing was keyed, and nothing is known"
    assert typed("redemptions --phone 138") == 2 and typed("redemptions --since yesterday") == 2


def test_money_is_shown_in_yuan(typed: Typed, shop: Seeded) -> None:
    store(shop, 1, amount=12_345, price=9_876)
    assert typed("redemptions") == 0 and "¥123.45\t¥98.76" in typed.out
    assert typed.json("redemptions")[0]["price"] == 9_876


def test_audit_verify_tells_by_its_exit_code(typed: Typed, shop: Seeded) -> None:
    store(shop, 5)
    assert typed("audit verify T0001") == 0
    table = schema.records
    with shop.database.write() as connection:
        connection.execute(table.update().where(table.c.sequence == 3).values(member=13_900_139_000))
    assert typed("audit verify T0001") == 1
    assert typed.json("audit verify T0001")[0]["altered"] == [3]
    assert typed("audit verify T9") == 1
    typed("terminals suspend T0001")
    assert typed.json("audit log")[0]["action"] == "terminal.suspend"
    assert typed.json("audit incidents") == []


def test_settings_are_checked_and_logged(typed: Typed) -> None:
    assert typed("central settings grace_hours 12") == 0
    assert typed("central settings grace_hours 1000") == 1 and typed("central settings grace_hours soon") == 2
    assert typed("central settings colour 1") == 1
    assert typed("central settings list_age", '{"refuse_hours.trial": 24, "ask_hours": 48}') == 0
    assert typed("central settings list_age", '{"hours": 24}') == 1
    assert {row["name"]: row["value"] for row in typed.json("central settings")}["grace_hours"] == 12


def test_tokens_are_shown_once(typed: Typed) -> None:
    assert typed("central add-token till") == 0
    token = typed.out.strip()
    assert token.startswith("cy_") and typed("central tokens") == 0 and token not in typed.out
    assert typed("central add-token till") == 1 and typed("central revoke-token till") == 0
    assert typed("central revoke-token till") == 1


def test_broker_password_in_the_url_is_refused(typed: Typed) -> None:
    assert typed("central serve --broker mqtt://centre:secret@127.0.0.1:1 --http-port 0") == 1
    assert "CHEYOU_BROKER_PASSWORD" in typed.err and "secret" not in typed.err


def test_ports_that_are_taken_are_named(typed: Typed, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        data = ("--data", str(tmp_path))
        assert typed(f"central serve --mqtt-port 0 --http-port {port}", *data) == 1
        assert f"HTTP cannot listen on 127.0.0.1:{port}" in typed.err and "--http-port" in typed.err
        assert typed(f"central serve --mqtt-port {port} --http-port 0", *data) == 1
        assert f"127.0.0.1:{port}" in typed.err and "--mqtt-port" in typed.err


def test_a_newer_database_is_not_touched(typed: Typed, shop: Seeded) -> None:
    with shop.database.write() as connection:
        connection.execute(schema.revision.update().values(version_num="9999"))
    assert typed("terminals list") == 1 and "release" in typed.err


def test_merchants_and_offers(typed: Typed, tmp_path: Path, shop: Seeded) -> None:
    path = tmp_path / "offers.csv"
    path.write_text("merchant_id,offer_id,label_en,category,discounts,limit\nDEMO,2,Repair,repair,vip=30,1/day\n")
    assert typed("offers import", str(path)) == 0
    assert [row["offer"] for row in typed.json("offers list --merchant DEMO")] == [1, 2]
    assert typed("offers withdraw DEMO 2") == 0 and typed("offers withdraw DEMO 2") == 1
    assert typed("merchants suspend DEMO") == 0 and typed.json("merchants list")[0]["suspended"] is True
    assert typed("merchants resume DEMO") == 0 and typed("merchants suspend NONE") == 1
    with shop.database.read() as connection:
        actions = list(connection.scalars(sa.select(schema.audit.c.action).order_by(schema.audit.c.id)))
    assert actions[-4:] == ["offers.import", "offer.withdraw", "merchant.suspend", "merchant.resume"]


def test_a_members_life_from_the_command_line(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(
        "event_id,time,member_id,event,tier,until\n"
        "1,2026-11-01,13312345678,subscribe,vip,\n"
        "2,2099-12-01,13312345678,tier,ordinary,\n"
        "3,2026-11-01,1331234567,block,,\n"
    )
    assert typed("members feed --source carrier", str(path)) == 1 and "feed.csv line 4" in typed.err
    assert "1331234567" not in typed.out + typed.err
    assert typed.json("members feed --source carrier", str(path))["changed"] == 0
    assert [row["tier"] for row in typed.json("members show", "13312345678")] == ["vip", "ordinary"]
    assert [row["active"] for row in typed.json("members show", "13312345678")] == [True, False]
    assert [row["event_id"] for row in typed.json("members events", "13312345678")] == ["1", "2"]
    assert typed("members events 1331234567") == 2 and typed("members events 13312345679") == 1
    due = tmp_path / "due.csv"
    due.write_text("member_id,kind,due\n13312345678,inspection,2026-12-05\n")
    assert typed("members reminders", str(due)) == 0
    assert typed.json("members show", "13312345678")[0]["due"] == "inspection 20261205"


def test_bookings_from_the_command_line(typed: Typed, tmp_path: Path) -> None:
    offers, bookings = tmp_path / "offers.csv", tmp_path / "bookings.csv"
    offers.write_text("merchant_id,offer_id,label_en,category,discounts,booked\nDEMO,2,Tyres,repair,vip=¥800.00,yes\n")
    bookings.write_text(
        "booking_id,merchant_id,offer_id,member_id,units,from,until\n"
        "G-1,DEMO,2,13312345678,2,2026-11-01,2026-11-30\n"
        "G-2,DEMO,1,13312345678,2,2026-11-01,2026-11-30\n"
    )
    assert typed("offers import", str(offers)) == 0
    assert typed("offers book", str(bookings)) == 1 and "bookings.csv line 3" in typed.err
    (row,) = typed.json("offers bookings --phone 13312345678")
    assert (row["booking"], row["member"], row["units"]) == ("G-1", "133****5678", 2)
    assert typed.json("offers bookings --merchant NONE") == [] and typed("offers bookings --phone 138") == 2
    assert typed("offers list") == 0 and "vip=¥800.00" in typed.out and "booked" in typed.out
