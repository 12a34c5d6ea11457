"""10,000 redemptions wait in one terminal's journal, and the network comes back. Beside it: the same bytes through the broker."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

from central.broker import CENTRE
from central.database import Database
from protocol import messages, topics
from protocol.keys import derive
from tests.chaos import judge
from tests.chaos.proxy import Proxy
from tests.chaos.stand import Stand
from tests.chaos.terminal import ChaosTerminal
from tests.wire_mqtt import WireMqtt

RECORDS = 10_000
_NAME = "C0000"


@dataclass(frozen=True)
class Drain:
    """`seconds` until all are receipted; `broker_s` the same payloads through the broker as fast as it takes them, `echo_s` one
    at a time, each only after the one before has come out."""

    seconds: float
    broker_s: float
    echo_s: float


async def measure(folder: Path, records: int = RECORDS) -> Drain:
    with Stand(folder, [_NAME], 1) as stand:
        way = Proxy(stand.broker.port, random.Random(1))  # only for its port's sake: the terminal goes straight to the broker
        way.port = stand.broker.port
        terminal = ChaosTerminal(_NAME, stand.keys[_NAME], way, random.Random(1))
        terminal.due = float(records)
        terminal.resends = 0
        terminal.work()
        started = time.monotonic()
        living = asyncio.create_task(terminal.live())
        while terminal.waiting and time.monotonic() < started + 120:
            await asyncio.sleep(0.002)
        seconds = time.monotonic() - started
        living.cancel()
        terminal.power_off()
        payloads = _payloads(terminal)
        bulk = await _through(stand, terminal.key, payloads, at_once=True)
        echo = await _through(stand, terminal.key, payloads, at_once=False)
        stand.centre.stop()
        database = Database(stand.url)
        held = judge.held_of(database, _NAME)
        database.dispose()
        assert sorted(held) == list(enumerate(terminal.journal.slots, 1)), "not what was in the journal"
        return Drain(seconds, bulk, echo)


def _payloads(terminal: ChaosTerminal) -> list[bytes]:
    journal, topic = terminal.journal, topics.up(terminal.id, "records")
    firsts = range(1, journal.sequence + 1, messages.MAX_SLOTS)
    bodies = [
        messages.encode_batch(1, first, journal.before(first), journal.slots[first - 1 : first - 1 + messages.MAX_SLOTS])
        for first in firsts
    ]
    return [messages.tagged(terminal.message_key, topic, body) for body in bodies]


async def _through(stand: Stand, key: bytes, payloads: list[bytes], at_once: bool) -> float:
    """Seconds for the payloads from one client to another; nobody else listens."""
    stand.centre.kill()
    out, done = asyncio.Event(), 0

    def heard(_topic: str, _payload: bytes) -> None:
        nonlocal done
        done += 1
        out.set()

    host, port = "127.0.0.1", stand.broker.port
    reader = await WireMqtt.connect(host, port, "chaos-reader", stand.broker.centre_password, heard, None, CENTRE)
    topic = topics.up(_NAME, "records")
    await reader.subscribe(topic, 0)
    writer = await WireMqtt.connect(host, port, _NAME, derive(key, b"mqtt").hex(), lambda *_: None)
    started = time.monotonic()
    for number, payload in enumerate(payloads, 1):
        writer.publish(topic, payload)
        while not at_once and done < number:
            out.clear()
            await out.wait()
    while done < len(payloads):
        out.clear()
        await out.wait()
    seconds = time.monotonic() - started
    writer.close()
    reader.close()
    return seconds
