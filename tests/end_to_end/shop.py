"""The world of these tests: a centre with its broker, merchants, offers, members, and terminals provisioned for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from central import catalog, members, registry, schema
from central.broker import CENTRE
from central.broker_process import centre_secret
from central.database import Database
from host_tools import boards
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.mosquitto_process import MosquittoProcess
from host_tools.stand.terminal import BOARD, HEAP, on_bench
from protocol import month as months
from protocol.keys import derive
from simulator.board import BenchBoard

T = TypeVar("T")

ORDINARY, VIP, TRIAL = "13900139000", "13800138000", "13700137000"
BLOCKED, STRANGER, ELSEWHERE = "13600136000", "13500135000", "18900189000"
PREFIXES = ["135", "136", "137", "138", "139"]
PIN = "246810"
LIST_AGE = {"warn_hours": 1, "refuse_hours": 2}
FRESH_VIPS = range(13811110000, 13811110200)

# One offer: nobody is asked which. Several: one for each way an offer can say no.
WASH, MARKET = "WASH", "MARKET"
_TERMS = {"label": {"en": "Wash pass"}, "category": "wash", "discount": {"vip": {"percent": 20}, "ordinary": {"percent": 10}}}
OFFERS: dict[str, list[dict[str, Any]]] = {
    WASH: [_TERMS | {"id": 1}],
    MARKET: [
        _TERMS | {"id": 1},
        _TERMS | {"id": 2, "limit": {"count": 1, "per": "day"}},
        _TERMS | {"id": 3, "online_only": True},
    ],
}


class Shop:
    """`centre` and its broker run. Terminals and members are handed out once, so that tests do not meet at them."""

    def __init__(self, folder: Path, broker: MosquittoProcess | None, db: str | None = None) -> None:
        self.folder = folder
        self.broker = broker
        self.centre = CentreProcess(folder / "centre", broker, db=db)
        self.database = self.centre.database()
        self._terminals = 0
        self._members = iter(FRESH_VIPS)
        self._stock()
        if broker:
            broker.admit(self.database)
            broker.start()
        self.centre.start()

    def close(self) -> None:
        self.centre.stop()
        if self.broker:
            self.broker.stop()
        self.database.dispose()

    # the broker, whichever it is

    def stop_broker(self) -> None:
        """Nobody listens on its port any more. The embedded one goes with the centre, as it does in the field."""
        if self.broker:
            self.broker.stop()
        else:
            self.centre.stop()

    def start_broker(self) -> None:
        if self.broker:
            self.broker.start()
        else:
            self.centre.start()

    @property
    def centre_password(self) -> str:
        """With which the centre logs in at the broker."""
        return self.broker.centre_password if self.broker else centre_secret(self.centre.data)

    centre_user = CENTRE

    # what a test needs for itself

    def member(self) -> str:
        """A VIP whom no other test checks."""
        return str(next(self._members))

    def enrol(self, merchant: str = WASH) -> tuple[str, bytes]:
        """A new terminal of that merchant: its id and key."""
        self._terminals += 1
        terminal = f"E{self._terminals:04d}"
        with self.database.write() as connection:
            key = registry.add(connection, terminal, merchant, "test")
            registry.set_state(connection, terminal, "issued", "test")
        if self.broker:
            self.broker.admit(self.database)
        return terminal, key

    def bench(self, merchant: str = WASH, **options: Any) -> tuple[str, BenchBoard]:
        """A new terminal on the bench, switched off: its id and the board."""
        terminal, key = self.enrol(merchant)
        workdir = self.folder / terminal
        options = {"mac": self._terminals, **options}
        return terminal, on_bench(workdir, terminal, key, self.centre.mqtt_port, self.centre.http_port, **options)

    def again(self, terminal: str, workdir: Path, flash: bytes, **options: Any) -> BenchBoard:
        """A board with the flash of one that was on the bench before."""
        return BenchBoard(flash, boards.load(BOARD), workdir, heap=HEAP, **options)

    # what the centre holds

    def records(self, terminal: str, table: sa.Table = schema.records) -> list[Any]:
        """What it has stored of a terminal, in order."""
        with self.database.read() as connection:
            rows = connection.execute(
                sa.select(table).where(table.c.terminal == terminal).order_by(table.c.epoch, table.c.sequence)
            )
            return list(rows)

    def wait_records(self, terminal: str, count: int, timeout: float = 15, table: sa.Table = schema.records) -> list[Any]:
        """Wait until it holds `count` records of a terminal; no more and no fewer, each once, without a gap."""
        rows = until(lambda: self._when(terminal, count, table), timeout, lambda: self.records(terminal, table))
        assert [row.sequence for row in rows] == list(range(1, count + 1))
        assert len({row.epoch for row in rows}) <= 1
        return rows

    def refusals(self, terminal: str, count: int) -> list[int]:
        """Wait for `count` refusals of a terminal; their reason codes, in order."""
        return [row.reason for row in self.wait_records(terminal, count, table=schema.refusals)]

    def status(self, terminal: str) -> dict[str, int]:
        """What a terminal last said of itself."""
        table = schema.terminals
        with self.database.read() as connection:
            said: dict[str, int] = connection.scalar(sa.select(table.c.status).where(table.c.id == terminal))
        return {"dropped": 0, "forks": 0} | said

    def key(self, terminal: str) -> bytes:
        """The key of a terminal."""
        with self.database.read() as connection:
            return registry.key_of(connection, terminal)

    def message_key(self, terminal: str) -> bytes:
        """The key with which messages of and to a terminal are tagged."""
        key: bytes = derive(self.key(terminal), b"message")
        return key

    def quarantine(self, source: str) -> list[Any]:
        """What lies in quarantine from a topic."""
        table = schema.quarantine
        with self.database.read() as connection:
            return list(connection.execute(sa.select(table).where(table.c.source == source).order_by(table.c.id)))

    def suspend(self, terminal: str, suspended: bool) -> None:
        """Suspend a terminal or let it serve again; returns when its new settings are published."""
        before = self._settings_version(terminal)
        with self.database.write() as connection:
            registry.suspend(connection, terminal, suspended, "test")
        until(lambda: self._settings_version(terminal) > before or None, 5)

    def _settings_version(self, terminal: str) -> int:
        table = schema.terminals
        with self.database.read() as connection:
            return int(connection.scalar(sa.select(table.c.settings_version).where(table.c.id == terminal)))

    def _when(self, terminal: str, count: int, table: sa.Table) -> list[Any] | None:
        rows = self.records(terminal, table)
        assert len(rows) <= count, f"{len(rows)} records of {terminal} instead of {count}"
        return rows if len(rows) == count else None

    def _stock(self) -> None:
        """Merchants, offers and members. Memberships began last month and go on; the trial's, until next month ends."""
        now = int(time.time())
        begun, ends = (
            months.starts(months.shifted(months.month_of(now), -1)),
            months.starts(months.shifted(months.month_of(now), 2)),
        )
        with self.database.write() as connection:
            codes = {row.name: row.code for row in connection.execute(sa.select(schema.tiers))}
            for merchant, offers in OFFERS.items():
                catalog.put_merchant(connection, merchant, {"en": merchant.title()}, "wash")
                for offer in offers:
                    catalog.put_offer(connection, merchant, offer)
            for merchant in OFFERS:
                catalog.set_pin(connection, merchant, PIN, "test")
            catalog.set_property(connection, "prefixes", PREFIXES, "test")
            catalog.set_property(connection, "list_age", LIST_AGE, "test")

            def row(number: str | int, tier: str, **fields: Any) -> dict[str, Any]:
                blank = {"active_from": begun, "active_until": None, "blocked": False}
                return blank | {"member": int(number), "tier": codes[tier]} | fields

            rows = [row(VIP, "vip"), row(ORDINARY, "ordinary"), row(TRIAL, "trial", active_until=ends)]
            rows += [row(BLOCKED, "ordinary", blocked=True), *(row(number, "vip") for number in FRESH_VIPS)]
            members.put(connection, rows)


def until(look: Callable[[], T | None], timeout: float, shown: Callable[[], object] = lambda: "") -> T:
    """What `look` returns as soon as it is something; AssertionError with what is `shown` when it does not come in time."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s; now: {shown()}")
        time.sleep(0.02)


def tier_code(database: Database, name: str) -> int:
    with database.read() as connection:
        return int(connection.scalar(sa.select(schema.tiers.c.code).where(schema.tiers.c.name == name)))
