"""Two terminals and one last unit, through a real centre and broker: exactly one of them may give it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from central import catalog, demo, members, registry, schema
from central.database import Database
from central.holds import HOLD_S, Holds
from host_tools import toolchain
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.mosquitto_process import MosquittoProcess
from tests.wire_terminal import WireTerminal

RACES = 1000
FIRST = 13_312_000_000
OFFER = demo.OFFER | {"id": 7, "limit": {"count": 1, "per": "month"}}
PASS = {"id": 8, "label": {"en": "Pass"}, "category": "wash", "discount": {"vip": {"pass": 3, "fen": 9900}}}
OTHER = "T0002"


def furnish(database: Database) -> dict[str, bytes]:
    """A member a race, the offers they are about, and two terminals; the terminals' keys."""
    keys = {demo.TERMINAL: demo.seed(database)}
    row = {"tier": 2, "active_from": 0, "active_until": None, "blocked": False}
    with database.write() as connection:
        keys[OTHER] = registry.add(connection, OTHER, demo.MERCHANT, "test")
        catalog.put_offer(connection, demo.MERCHANT, OFFER)
        catalog.put_offer(connection, demo.MERCHANT, PASS)
        members.put(connection, [row | {"member": FIRST + at} for at in range(RACES)])
    return keys


async def race(pair: list[WireTerminal], number: int, offer: int) -> list[str]:
    """Both ask at the same moment, and whoever may give it does; the reasons."""
    verdicts = await asyncio.gather(*(terminal.check(str(number), offer=offer) for terminal in pair))
    for terminal, verdict in zip(pair, verdicts, strict=True):
        if verdict["reason"] == "valid":
            terminal.redeem(number, offer=offer)
    return sorted(verdict["reason"] for verdict in verdicts)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_exactly_one_gets_the_last_unit(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, tool: Callable[[Callable[[], Path]], Path]
) -> None:
    tool(toolchain.mosquitto)
    db = request.getfixturevalue("postgres").database() if kind == "postgresql" else None
    broker = MosquittoProcess(tmp_path / "mosquitto")
    centre = CentreProcess(tmp_path, broker, db=db)
    database = centre.database()
    keys = furnish(database)
    broker.admit(database)
    broker.start()

    async def run() -> None:
        pair = [WireTerminal(name, key, "127.0.0.1", broker.port) for name, key in keys.items()]
        for terminal in pair:
            await terminal.connect()
        for at in range(RACES):
            pair.reverse()
            assert await race(pair, FIRST + at, OFFER["id"]) == ["limit_reached", "valid"], at
        # Once more with the centre killed between the two questions: what was promised stays promised.
        first, second = pair
        assert (await first.check(str(FIRST), offer=PASS["id"]))["used"] == 0
        await asyncio.sleep(1)  # the log of checks trails behind by a quarter second
        await asyncio.to_thread(centre.start)
        assert (await again(second, FIRST))["reason"] == "limit_reached", "a pass is sold by one terminal"
        assert (await first.check(str(FIRST), offer=PASS["id"]))["reason"] == "valid", "the one that holds it may ask again"
        for terminal in pair:
            await terminal.drained()
            terminal.power_cut()

    try:
        centre.start()
        asyncio.run(run())
        with database.read() as connection:
            r = schema.records.c
            given = sa.select(sa.func.count()).where(r.offer == OFFER["id"]).group_by(r.member)
            assert connection.execute(given).scalars().all() == [1] * RACES
    finally:
        centre.stop()
        broker.stop()
        database.dispose()


async def again(terminal: WireTerminal, number: int) -> dict[str, object]:
    """Ask until somebody answers."""
    while True:
        try:
            return await terminal.check(str(number), offer=PASS["id"], timeout=2)
        except TimeoutError:
            continue


def test_holds_end_with_time_or_with_their_redemption() -> None:
    holds, unit = Holds(), ("DEMO", 1, 13_800_138_000)

    def none(_: str, __: int) -> bool:
        return False

    holds.take(unit, "A", 1000)
    assert holds.others(unit, "A", 1001, none) == 0 and holds.others(unit, "B", 1001, none) == 1
    assert holds.others(unit, "B", 1000 + HOLD_S - 1, none) == 1 and holds.others(unit, "B", 1000 + HOLD_S, none) == 0
    holds.take(unit, "A", 2000)
    holds.take(unit, "B", 2001)
    assert holds.others(unit, "C", 2002, none) == 2
    assert holds.others(unit, "C", 2003, lambda terminal, since: (terminal, since) == ("A", 2000)) == 1
    assert holds.others(unit, "C", 2004, none) == 1, "what was redeemed is no longer held"
    assert holds.others(("DEMO", 2, 13_800_138_000), "C", 2002, none) == 0
