"""A day as the centre holds it, beside what a terminal has counted of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from central import day_closes, demo, schema
from central.ingest import Batch, Intake
from host_tools.commands import terminals
from protocol import month as months
from protocol.record import REDEMPTION, TRAINING, VOID, Record, Sealer
from tests.central.conftest import Seeded

BEGIN = months.unix(2026, 11, 22)
FRESH = {"day": 20261122, "epoch": 1, "first": 1, "upto": 5, "cashier": 3, "paid": 16000, "returned": 8000}
TOTALS = {"1/2": [1, 1], "2/2": [1, 0]}


def _record(sequence: int, time: int, kind: int = REDEMPTION, flags: int = 0, offer: int = 1) -> Record:
    link = 1 if kind == VOID else 0
    return Record(kind, 1, sequence, time, 1, flags, 202611, 13800138000, 2, offer, 1, 1, 0, 8000, link, 0, 0, link)


DAY = [
    _record(1, BEGIN),
    _record(2, BEGIN + 86_399, offer=2),
    _record(3, BEGIN + 60, flags=TRAINING),
    _record(4, BEGIN + 90, kind=VOID),
    _record(5, BEGIN + 86_400),
    _record(6, BEGIN - 1),
]


def _stored(seeded: Seeded, records: list[Record], break_at: int = -1) -> None:
    sealer = Sealer(seeded.terminal.keys.key)
    chain = sealer.genesis(1)
    slots = []
    for record in records:
        slots.append(sealer.seal(record, chain))
        chain = slots[-1][:16]
    if break_at >= 0:
        slots[break_at] = slots[break_at][:20] + bytes(44)
    batch = Batch(seeded.terminal, "records", 1, 1, sealer.genesis(1), slots, BEGIN + 90_000)
    with seeded.database.write() as connection:
        Intake(connection, seeded.database, seeded.directory).take([batch])


def _closed(seeded: Seeded, **told: Any) -> dict[str, Any]:
    with seeded.database.write() as connection:
        return day_closes.close(connection, seeded.terminal, FRESH | {"totals": TOTALS} | told, BEGIN + 91_000)


def _kept(seeded: Seeded) -> list[dict[str, Any]]:
    with seeded.database.read() as connection:
        return day_closes.listing(connection, demo.TERMINAL)


def test_a_day_ends_at_midnight_cst_and_training_is_not_in_it(seeded: Seeded) -> None:
    _stored(seeded, DAY)
    assert _closed(seeded) == {"day": 20261122, "paid": 16000, "returned": 8000, "totals": TOTALS, "missing": []}
    (kept,) = _kept(seeded)
    assert (kept["agrees"], kept["cashier"], kept["merchant"]) == (True, 3, seeded.terminal.merchant.id)


@pytest.mark.parametrize("told", [{"paid": 1}, {"returned": 0}, {"totals": {}}, {"upto": 7}])
def test_whatever_differs_is_no_agreement(seeded: Seeded, told: dict[str, Any]) -> None:
    _stored(seeded, DAY)
    _closed(seeded, **told)
    assert not _kept(seeded)[0]["agrees"]


def test_missing_sequences_are_named(seeded: Seeded) -> None:
    _stored(seeded, DAY[:4], break_at=1)
    assert _closed(seeded, upto=6)["missing"] == [[2, 2], [5, 6]]
    assert _closed(seeded, first=0, upto=0)["missing"] == []
    many = [_record(n, BEGIN + n) for n in range(1, 5)]
    with seeded.database.write() as connection:
        connection.execute(sa.delete(schema.records).where(schema.records.c.sequence % 2 == 1))
    assert many and _closed(seeded, upto=30)["missing"] == [[1, 3], [5, 30]]


def test_a_day_closed_again_replaces_what_was(seeded: Seeded) -> None:
    _stored(seeded, DAY[:1])
    assert _closed(seeded, upto=1)["totals"] == {"1/2": [1, 0]}
    assert not _kept(seeded)[0]["agrees"]
    _closed(seeded, upto=1, paid=8000, returned=0, totals={"1/2": [1, 0]})
    (kept,) = _kept(seeded)
    assert kept["agrees"]


def test_the_operator_sees_closed_days(seeded: Seeded) -> None:
    _stored(seeded, DAY[:2])
    _closed(seeded)
    asked = ["days", "--db", seeded.database.engine.url.render_as_string(hide_password=False)]
    (row,) = json.loads(CliRunner().invoke(terminals.command, [*asked, "--json"]).output)
    assert (row["day"], row["terminal"], row["agrees"]) == (20261122, demo.TERMINAL, False)
    assert row["held"]["missing"] == [[3, 5]] and row["told"]["totals"] == TOTALS
    shown = CliRunner().invoke(terminals.command, asked).output
    assert "1/3-5" in shown and demo.TERMINAL in shown
    assert CliRunner().invoke(terminals.command, [*asked, "--since", "20261123", "--json"]).output.strip() == "[]"
