"""Merchants with several terminals, terminals that change hands, suspensions: through a real centre behind either broker."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import sqlalchemy as sa

from central import catalog, demo, registry, schema
from host_tools import cli
from tests.central.conftest import Running
from tests.wire_terminal import WireTerminal

MEMBER = "13800138000"
SECOND, OTHER = "T0002", "M2"
WITHIN_S = 5.0


def furnish(running: Running) -> dict[str, bytes]:
    """A second terminal at the demo's merchant, and another merchant with an offer of its own; the terminals' keys."""
    with running.seeded.database.write() as connection:
        key = registry.add(connection, SECOND, demo.MERCHANT, "test")
        catalog.put_merchant(connection, OTHER, {"en": "Two", "zh": "二店"}, "repair")
        catalog.put_offer(connection, OTHER, demo.OFFER | {"id": 5, "label": {"en": "Repair"}})
    running.admit()
    return {demo.TERMINAL: running.seeded.key, SECOND: key}


async def told(terminal: WireTerminal, what: str, value: Any, within_s: float = WITHIN_S) -> None:
    """Wait until the settings that a terminal has been sent say so."""
    deadline = time.monotonic() + within_s
    while True:
        settings = terminal.settings or {"terminal": {}, "merchant": {}}
        if settings["terminal"].get(what, settings["merchant"].get(what)) == value:
            return
        assert time.monotonic() < deadline, (what, value, settings)
        await asyncio.sleep(0.02)


def typed(running: Running, *words: str) -> None:
    """What the operator types, beside the running centre."""
    assert cli.run([*words, "--data", str(running.data)]) == 0


def stored(running: Running) -> list[tuple[Any, ...]]:
    """(terminal, sequence, merchant, offer) of every record."""
    r = schema.records.c
    with running.seeded.database.read() as connection:
        found = connection.execute(sa.select(r.terminal, r.sequence, r.merchant, r.offer).order_by(r.terminal, r.sequence))
        return [tuple(row) for row in found]


def test_a_suspended_merchants_terminals_all_say_so_within_seconds(running: Running) -> None:
    keys = furnish(running)

    async def run() -> None:
        pair = [running.terminal(name=name, key=key) for name, key in keys.items()]
        away = pair[1]
        for terminal in pair:
            await terminal.connect()
            await told(terminal, "id", demo.MERCHANT)
            assert (await terminal.check(MEMBER))["reason"] == "valid"
        away.power_cut()
        typed(running, "merchants", "suspend", demo.MERCHANT)
        await told(pair[0], "suspended", True)
        assert (await pair[0].check(MEMBER))["reason"] == "terminal_suspended"
        # What was made in spite of it is taken in all the same, and what waits on the other terminal too.
        for terminal in pair:
            terminal.redeem(int(MEMBER), offer_version=terminal.settings["version"] if terminal.settings else 0)
        away.settings = None
        await away.connect()
        await told(away, "suspended", True)
        assert (await away.check(MEMBER))["reason"] == "terminal_suspended"
        for terminal in pair:
            await terminal.drained()
        typed(running, "merchants", "resume", demo.MERCHANT)
        for terminal in pair:
            await told(terminal, "suspended", False)
            assert (await terminal.check(MEMBER))["reason"] == "valid"
        typed(running, "terminals", "suspend", SECOND)
        await told(away, "suspended", True)
        assert (await away.check(MEMBER))["reason"] == "terminal_suspended"
        assert (await pair[0].check(MEMBER))["reason"] == "valid", "the merchant's other terminal goes on"
        for terminal in pair:
            terminal.power_cut()

    asyncio.run(run())
    assert [row[0] for row in stored(running)] == [demo.TERMINAL, SECOND]


def test_a_terminal_that_changes_hands_loses_no_record(running: Running) -> None:
    keys = furnish(running)

    async def run() -> None:
        online, away = (running.terminal(name=name, key=key) for name, key in keys.items())
        held = {}
        for terminal in (online, away):
            await terminal.connect()
            await told(terminal, "id", demo.MERCHANT)
            held[terminal] = terminal.settings["version"]
            terminal.redeem(int(MEMBER), offer=1, offer_version=held[terminal])
            await terminal.drained()
        away.power_cut()
        away.redeem(int(MEMBER), offer=1, offer_version=held[away])
        for terminal in (demo.TERMINAL, SECOND):
            typed(running, "terminals", "move", terminal, OTHER)
        await told(online, "id", OTHER)
        assert [offer["id"] for offer in online.settings["offers"]] == [5]
        assert (await online.check(MEMBER, offer=5))["reason"] == "valid"
        assert (await online.check(MEMBER, offer=1))["reason"] == "not_for_tier", "an offer of the old merchant is none here"
        online.redeem(int(MEMBER), offer=5, offer_version=online.settings["version"])
        # It was away when it was moved, and goes on redeeming for its old merchant until it hears of it.
        away.redeem(int(MEMBER), offer=1, offer_version=held[away])
        away.settings = None
        await away.connect()
        await told(away, "id", OTHER)
        away.redeem(int(MEMBER), offer=5, offer_version=away.settings["version"])
        for terminal in (online, away):
            await terminal.drained()
            terminal.power_cut()

    asyncio.run(run())
    assert stored(running) == [
        (demo.TERMINAL, 1, demo.MERCHANT, 1), (demo.TERMINAL, 2, OTHER, 5),
        (SECOND, 1, demo.MERCHANT, 1), (SECOND, 2, demo.MERCHANT, 1), (SECOND, 3, demo.MERCHANT, 1), (SECOND, 4, OTHER, 5),
    ]  # fmt: skip
    r = schema.records.c
    with running.seeded.database.read() as connection:
        assert list(connection.scalars(sa.select(r.marks))) == [0] * 6, "none is called odd for it"
