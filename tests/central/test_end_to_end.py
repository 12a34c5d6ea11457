"""A whole centre, over real brokers, spoken to as terminals speak: exactly once whatever is cut, nothing blocked by poison."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from hashlib import sha256

import pytest
import sqlalchemy as sa

from central import demo, incidents, members, registry, schema, verify
from central.database import Database
from protocol import list_key
from protocol.keys import derive
from protocol.messages import encode
from protocol.month import month_of, shifted
from tests.central.conftest import Running

VIP, ORDINARY, TRIAL, BLOCKED = demo.MEMBERS


def stored(database: Database) -> list[tuple[int, int]]:
    """(epoch, sequence) of every record, as the table has them."""
    table = schema.records
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(table.c.epoch, table.c.sequence).order_by(table.c.id))]


def verified(database: Database) -> bool:
    """Whether every chain of the demo terminal walks through."""
    with database.read() as connection:
        return all(row["ok"] for row in verify.terminal(connection, demo.TERMINAL))


def test_online_verdict_chain(running: Running) -> None:
    """Every verdict the centre can give, and what a terminal is told on connecting."""

    async def scenario() -> None:
        terminal = running.terminal()
        await terminal.connect()
        welcome = await terminal.hear("welcome")
        assert abs(welcome["time"] - time.time()) < 5 and welcome["received"] == 0
        this = month_of(int(time.time()))
        expected = {
            (VIP, this, True, 1): ("valid", 2),
            (ORDINARY, this, True, 1): ("valid", 1),
            (TRIAL, this, True, 1): ("valid", 3),
            (BLOCKED, this, True, 1): ("blocked", 0),
            (demo.NOT_A_MEMBER, this, True, 1): ("not_member", 0),
            ("1380013800", this, True, 1): ("malformed_number", 0),
            ("23800138000", this, True, 1): ("malformed_number", 0),
            (VIP, this, False, 1): ("wrong_sender", 0),
            (VIP, shifted(this, -1), True, 1): ("month_past", 0),
            (VIP, shifted(this, 1), True, 1): ("month_future", 0),
            (VIP, 0, True, 1): ("month_unknown", 0),
            (VIP, this, True, 9): ("not_for_tier", 2),
        }
        for (number, month, sender, offer), (reason, tier) in expected.items():
            verdict = await terminal.check(number, month, sender, offer)
            assert (verdict["reason"], verdict["tier"]) == (reason, tier), number
        with running.seeded.database.write() as connection:
            registry.suspend(connection, demo.TERMINAL, True, "test")
        terminal.heard.pop("settings", None)
        settings = await terminal.hear("settings")
        assert settings["terminal"]["suspended"] is True
        assert (await terminal.check(VIP))["reason"] == "terminal_suspended"
        terminal.power_cut()

    asyncio.run(scenario())
    running.centre.stop()
    assert running.centre.wait(1) == 0, "SIGTERM is no accident"
    table = schema.checks
    with running.seeded.database.read() as connection:
        found = connection.execute(sa.select(table).where(table.c.member == int(VIP))).all()
    assert len(found) == 7, "every check must be findable by number"


def test_redemptions_arrive_once(running: Running) -> None:
    """Resent batches, two chains, more than one batch: each record is in the database once, and the receipt proves it."""

    async def scenario() -> None:
        terminal = running.terminal()
        await terminal.connect()
        for _ in range(100):
            terminal.redeem(int(VIP))
        terminal.journals["refusals"].append(kind=9, time=int(time.time()), reason=5)
        first = terminal.journal.batch()
        assert first
        await terminal.drained()
        for _ in range(3):  # the same again, as after a lost receipt
            terminal.send("records", first)
        terminal.heard.pop("receipt", None)
        receipt = await terminal.hear("receipt")
        assert receipt["upto"] == 100 and receipt["chain"] == terminal.journal.chain.hex()
        assert terminal.journal.forks == 0
        terminal.power_cut()

    asyncio.run(scenario())
    running.centre.stop()
    assert stored(running.seeded.database) == [(1, sequence) for sequence in range(1, 101)]
    assert verified(running.seeded.database)


@pytest.mark.parametrize("point", ["before-commit", "after-commit", "after-receipt"])
def test_centre_killed_at_each_step(running: Running, point: str) -> None:
    """The centre dies by SIGKILL around its commit; after its return every record is there, once."""
    running.centre.stop()
    running.centre.start(f"{point}:2")

    async def scenario() -> None:
        terminal = running.terminal()
        terminal.batch_limit = 8
        terminal.resend_s = 0.2
        staying = asyncio.create_task(terminal.stay())
        for _ in range(40):
            terminal.redeem(int(VIP))
        await asyncio.to_thread(running.centre.wait, 20)
        for _ in range(10):  # the counter does not close because the centre is down
            terminal.redeem(int(ORDINARY))
        assert terminal.journal.receipted < 50
        await asyncio.to_thread(running.centre.start)
        await terminal.drained()
        staying.cancel()
        terminal.power_cut()

    asyncio.run(scenario())
    running.centre.stop()
    assert stored(running.seeded.database) == [(1, sequence) for sequence in range(1, 51)]
    assert verified(running.seeded.database)


def test_a_terminal_added_while_running_is_served(running: Running) -> None:
    """Registered by another process: its first words are heard, without a restart."""
    key = registry_key(running.seeded.database, "T0007")
    running.admit()

    async def scenario() -> None:
        terminal = running.terminal(name="T0007", key=key)
        await terminal.connect()
        assert (await terminal.hear("welcome"))["received"] == 0
        assert (await terminal.hear("settings"))["merchant"]["id"] == demo.MERCHANT
        assert (await terminal.check(VIP))["reason"] == "valid"
        terminal.power_cut()

    asyncio.run(scenario())


def test_fork_keeps_both_versions_and_overwrites_nothing(running: Running) -> None:
    """Two histories under one number: the centre keeps its own, keeps the other beside it, and receipts neither as the other."""

    async def scenario() -> None:
        terminal = running.terminal()
        await terminal.connect()
        for _ in range(5):
            terminal.redeem(int(VIP))
        await terminal.drained()
        terminal.power_cut()
        clone = running.terminal()
        clone.resend_s = 0.2
        for _ in range(5):
            clone.redeem(int(ORDINARY))
        await clone.connect()
        receipt = await clone.hear("receipt")
        assert receipt["upto"] == 5 and clone.journal.forks and not clone.journal.receipted
        await clone.hear("receipt")
        clone.power_cut()

    asyncio.run(scenario())
    running.centre.stop()
    table = schema.records
    with running.seeded.database.read() as connection:
        assert set(connection.scalars(sa.select(table.c.member))) == {int(VIP)}
        found = incidents.listing(connection)
        row = connection.execute(sa.select(schema.incidents)).one()
    assert [(entry["kind"], entry["first"], entry["upto"]) for entry in found] == [("fork", 1, 5)]
    assert found[0]["offers"] >= 2, "the same offer is counted, not kept again"
    assert len(row.offered) == 5 * 64 and len(row.held) == 5 * 64 and row.offered != row.held


def test_list_is_offered_and_fetched_both_ways(running: Running) -> None:
    """Announced, fetched in chunks over MQTT and in ranges over HTTP: the same bytes, readable with the key from settings."""
    from protocol.member_list import MemberList

    async def scenario() -> tuple[dict[str, object], bytes, bytes]:
        terminal = running.terminal()
        await terminal.connect()
        settings, offer = await terminal.hear("settings"), await terminal.hear("list")
        while str(offer["list"]) not in settings["list_keys"]:
            settings = await terminal.hear("settings")
        content = b""
        while len(content) < offer["bytes"]:
            terminal.send("fetch", encode("fetch", list=offer["list"], version=offer["version"], offset=len(content), length=100))
            body = (await terminal.hear("chunk"))["body"]
            head = [offer["list"], offer["version"], len(content)]
            assert [int.from_bytes(body[at : at + 4], "little") for at in (0, 4, 8)] == head
            content += body[12:]
        terminal.send("fetch", encode("fetch", list=1, version=1, offset=0, length=100))
        assert (await terminal.hear("chunk"))["body"][12:] == b""
        terminal.power_cut()
        return offer, content, list_key.unwrap(running.seeded.key, settings["list_keys"][str(offer["list"])])

    offer, content, key = asyncio.run(scenario())
    assert sha256(content).hexdigest() == offer["sha256"]
    password = derive(running.seeded.key, b"http").hex()
    manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    manager.add_password(None, running.url, demo.TERMINAL, password)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
    request = urllib.request.Request(  # noqa: S310 - our own address
        running.url + str(offer["path"]), headers={"Range": "bytes=10-49"}
    )
    with opener.open(request) as answer:
        assert answer.status == 206 and answer.read() == content[10:50]

    class Flash:
        def readblocks(self, block: int, buffer: bytearray, offset: int) -> None:
            start = block * 4096 + offset
            buffer[:] = (content + b"\xff" * 8192)[start : start + len(buffer)]

    members_list = MemberList(Flash(), key)
    assert members_list.lookup(int(VIP))[0] == 2 and members_list.lookup(int(BLOCKED))[0] == 0
    assert members_list.lookup(int(demo.NOT_A_MEMBER)) is None


def test_member_change_takes_effect_at_once(running: Running) -> None:
    """A check sees the latest commit of another process."""

    async def scenario() -> None:
        terminal = running.terminal()
        await terminal.connect()
        assert (await terminal.check(demo.NOT_A_MEMBER))["reason"] == "not_member"
        row = {"member": int(demo.NOT_A_MEMBER), "tier": 1, "active_from": 0, "active_until": None, "blocked": False}
        with running.seeded.database.write() as connection:
            members.put(connection, [row])
        assert (await terminal.check(demo.NOT_A_MEMBER))["reason"] == "valid"
        terminal.power_cut()

    asyncio.run(scenario())


def registry_key(database: Database, name: str) -> bytes:
    """Register one more terminal; its key."""
    with database.write() as connection:
        return registry.add(connection, name, demo.MERCHANT, "test")
