"""What must not get in or get through, over real brokers: poison is set aside and blocks nothing, strangers stay out."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from central import demo, quarantine
from protocol import messages, topics
from protocol.keys import derive
from protocol.messages import encode
from tests.central.conftest import Running
from tests.central.test_end_to_end import VIP, registry_key, stored, verified
from tests.wire_mqtt import WireMqtt
from tests.wire_terminal import WireTerminal


def test_poison_is_set_aside_and_blocks_nothing(running: Running) -> None:
    """Truncated, oversized, mistyped, untagged, another terminal's: refused or quarantined; records go on."""
    other = registry_key(running.seeded.database, "T0002")
    running.admit()

    async def scenario() -> None:
        terminal = running.terminal()
        terminal.resend_s = 0.2
        staying = asyncio.create_task(terminal.stay())
        await terminal.hear("welcome")
        mine = {name: topics.up(terminal.id, name) for name in topics.UP}
        good = terminal.redeem(int(VIP))
        body = terminal.journal.batch()
        assert body and good == 1
        payload = messages.tagged(terminal.message_key, mine["records"], body)
        terminal.send_raw(mine["records"], payload[:-1])
        terminal.send_raw(mine["records"], payload[:40])
        terminal.send_raw(mine["records"], b"")
        terminal.send_raw(mine["check"], b"\xff" * 300)
        terminal.send_raw(mine["check"], b"x" * 9000)
        terminal.send("records", body[:-1])
        terminal.send("records", b"\x00" * 23)
        terminal.send("check", b"[]")
        terminal.send("check", encode("check", check=1, member=VIP, month=202611, sender=True, offer=1)[:-1])
        terminal.send("check", json.dumps({"check": "1", "member": VIP, "month": 1, "sender": 1, "offer": 1}).encode())
        terminal.send("hello", b"null")
        # A genuine message, on the wrong topic of the right terminal: the tag is bound to its topic.
        terminal.send_raw(mine["refusals"], payload)
        # Another terminal's records under our name, and its own tag.
        foreign = WireTerminal("T0002", other, terminal.host, terminal.port)
        foreign.redeem(int(VIP))
        terminal.send_raw(mine["records"], messages.tagged(foreign.message_key, mine["records"], foreign.journal.batch()))
        # Under the other terminal's name: the broker must not pass it on.
        terminal.send_raw(topics.up("T0002", "records"), payload)
        await asyncio.sleep(0.3)
        terminal.send_raw(mine["check"], os.urandom(1_000_000))
        for _ in range(20):
            terminal.redeem(int(VIP))
        await terminal.drained()
        assert (await terminal.check(VIP))["reason"] == "valid"
        staying.cancel()
        terminal.power_cut()

    asyncio.run(scenario())
    running.centre.stop()
    assert len(stored(running.seeded.database)) == 21 and verified(running.seeded.database)
    with running.seeded.database.read() as connection:
        held = quarantine.listing(connection)
    reasons = {entry["reason"] for entry in held}
    assert {"tag does not match", "check is not an object", "hello is not an object", "check: int expected"} <= reasons
    assert not any("T0002" in entry["source"] for entry in held), "the broker let a terminal speak for another"
    assert all(entry["length"] <= 16_384 for entry in held)


def test_strangers_and_wrong_passwords_stay_out(running: Running) -> None:
    """The broker refuses who it does not know, and whoever asks for another's topics."""

    async def scenario() -> None:
        port = running.centre.mqtt_port
        password = derive(running.seeded.key, b"mqtt").hex()
        for client, given in ((demo.TERMINAL, "0" * 64), ("T9999", password), ("nobody", None), ("centre", password)):
            with pytest.raises(OSError):
                await WireMqtt.connect("127.0.0.1", port, client, given, lambda *_: None)
        heard: list[str] = []
        mqtt = await WireMqtt.connect("127.0.0.1", port, demo.TERMINAL, password, lambda topic, _: heard.append(topic))
        # Mosquitto grants the subscription and then delivers nothing; amqtt refuses it: both are fine.
        await mqtt.subscribe("cheyou/1/+/up/+")
        await mqtt.subscribe("#")
        mqtt.publish(topics.up(demo.TERMINAL, "hello"), b"x")
        mqtt.publish(topics.down(demo.TERMINAL, "receipt"), b"forged")
        await asyncio.sleep(0.3)
        assert not [topic for topic in heard if "/up/" in topic or topic.endswith("receipt")]
        mqtt.close()

    asyncio.run(scenario())


def test_who_connects_is_handed_nothing_of_others(running: Running) -> None:
    """What the broker keeps for another terminal - its settings, its list, its status - stays that terminal's."""
    key = registry_key(running.seeded.database, "T0002")
    running.admit()

    async def scenario() -> None:
        other = running.terminal()
        await other.connect()
        await other.hear("settings")
        heard: list[str] = []
        password = derive(key, b"mqtt").hex()
        mqtt = await WireMqtt.connect(
            "127.0.0.1", running.centre.mqtt_port, "T0002", password, lambda topic, _: heard.append(topic)
        )
        assert await mqtt.subscribe(topics.down("T0002", "+")) == 1
        mqtt.publish(topics.up("T0002", "hello"), b"junk")
        await asyncio.sleep(0.5)
        assert heard and {topics.parse(topic)[0] for topic in heard} == {"T0002"}, heard
        mqtt.close()
        other.power_cut()

    asyncio.run(scenario())
