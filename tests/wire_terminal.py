"""A terminal at the level of the protocol: seals records into a chain, sends them until receipted, asks and hears verdicts.

For load, chaos and the centre's own tests. Not imitated: flash, keypad, display, the local member list; its journal is a Python
list that survives `power_cut`, as flash would.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import Any

from protocol import messages, topics
from protocol.keys import derive
from protocol.month import month_of
from protocol.record import REDEMPTION, Record, Sealer
from tests.wire_mqtt import WireMqtt

RESEND_S = 1.0


class WireJournal:
    """A chain in memory: every slot ever sealed, and how far the centre has receipted it."""

    def __init__(self, key: bytes, purpose: bytes = b"journal", epoch: int = 1) -> None:
        self.sealer = Sealer(key, purpose)
        self.epoch = epoch
        self.slots: list[bytes] = []
        self.receipted = 0
        self.forks = 0

    @property
    def sequence(self) -> int:
        """The last sequence."""
        return len(self.slots)

    @property
    def chain(self) -> bytes:
        """The chain value after the last record."""
        return self.before(len(self.slots) + 1)

    def before(self, sequence: int) -> bytes:
        """The chain value before a sequence."""
        return self.slots[sequence - 2][:16] if sequence > 1 else self.sealer.genesis(self.epoch)

    def append(self, **fields: Any) -> int:
        """Seal one record; the return of this call is what a display would call saved."""
        blank = dict.fromkeys(Record._fields, 0)
        record = Record(
            **blank | {"kind": REDEMPTION, "clock": 1} | fields | {"epoch": self.epoch, "sequence": self.sequence + 1}
        )
        self.slots.append(self.sealer.seal(record, self.chain))
        return self.sequence

    def batch(self, limit: int = messages.MAX_SLOTS) -> bytes | None:
        """The body of the oldest unreceipted records, or None."""
        first = self.receipted + 1
        slots = self.slots[first - 1 : first - 1 + limit]
        return messages.encode_batch(self.epoch, first, self.before(first), slots) if slots else None

    def receipt(self, epoch: int, upto: int, chain: bytes) -> None:
        """Release what a receipt covers; only when its chain value is ours."""
        if epoch != self.epoch or upto <= self.receipted:
            return
        if upto > self.sequence or self.before(upto + 1) != chain:
            self.forks += 1
            return
        self.receipted = upto


class WireTerminal:
    """One terminal; ``await connect()``, then `redeem`, `check`, and `drained` to wait for receipts of everything."""

    line: type[WireMqtt] = WireMqtt

    def __init__(self, terminal: str, key: bytes, host: str, port: int, epoch: int = 1) -> None:
        self.id = terminal
        self.key = key
        self.host, self.port = host, port
        self.message_key = derive(key, b"message")
        self.journals = {
            "records": WireJournal(key, b"journal", epoch),
            "refusals": WireJournal(key, b"refusal", epoch),
        }
        self.heard: dict[str, list[dict[str, Any]]] = {}
        self.settings: dict[str, Any] | None = None
        self.mqtt: WireMqtt | None = None
        self.not_genuine = 0
        self.batch_limit = messages.MAX_SLOTS
        self.resend_s = RESEND_S
        self._checks: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()
        self._number = self._greeting = 0
        self._sender: asyncio.Task[None] | None = None
        self._moved = {name: asyncio.Event() for name in self.journals}

    @property
    def journal(self) -> WireJournal:
        """The chain of redemptions."""
        return self.journals["records"]

    async def connect(self, hello: bool = True) -> None:
        """Connect, subscribe, say hello and start sending what waits."""
        status = topics.up(self.id, "status")
        will = messages.tagged(self.message_key, status, self._status(False))
        self.mqtt = await self.line.connect(
            self.host, self.port, self.id, derive(self.key, b"mqtt").hex(), self._on_message, (status, will)
        )
        if await self.mqtt.subscribe(topics.down(self.id, "+")) == 128:
            raise ConnectionRefusedError("not allowed to subscribe")
        if hello:
            self.hello()
            self.send("status", self._status(True), retain=True)
        self._sender = asyncio.create_task(self._send_waiting())

    def power_cut(self) -> None:
        """Gone, without a goodbye; the journal stays."""
        if self._sender:
            self._sender.cancel()
        if self.mqtt:
            self.mqtt.close()
        self.mqtt = None

    async def stay(self) -> None:
        """Keep connected, coming back after every loss, until cancelled."""
        while True:
            with contextlib.suppress(OSError, TimeoutError):
                await self.connect()
                assert self.mqtt
                await self.mqtt.closed
            self.power_cut()
            await asyncio.sleep(0.1)

    def hello(self) -> None:
        """Say who we are."""
        self._greeting = secrets.randbits(32)
        self.send(
            "hello",
            messages.encode(
                "hello", session=self._greeting, version="wire", board="wire", epoch=self.journal.epoch,
                sequence=self.journal.sequence, list=0, settings=0, boot=1,
            ),
        )  # fmt: skip

    def send(self, name: str, body: bytes, retain: bool = False) -> None:
        """Tag and publish a body."""
        topic = topics.up(self.id, name)
        self.send_raw(topic, messages.tagged(self.message_key, topic, body), retain)

    def send_raw(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Publish anything at all."""
        if self.mqtt:
            self.mqtt.publish(topic, payload, retain)

    def redeem(self, member: int, offer: int = 1, at: int | None = None, **fields: Any) -> int:
        """Save a redemption; it is sent by itself."""
        moment = int(time.time()) if at is None else at
        sequence = self.journal.append(
            **{"time": moment, "month": month_of(moment), "member": member, "tier": 2, "offer": offer} | fields
        )
        self._news.set()
        return sequence

    async def check(
        self, member: str, month: int | None = None, sender: bool = True, offer: int = 1, timeout: float = 30.0
    ) -> dict[str, Any]:
        """Ask the centre and wait for its verdict."""
        self._number += 1
        number = self._number
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._checks[number] = waiting
        month = month_of(int(time.time())) if month is None else month
        self.send("check", messages.encode("check", check=number, member=member, month=month, sender=sender, offer=offer))
        try:
            return await asyncio.wait_for(waiting, timeout)
        finally:
            self._checks.pop(number, None)

    async def drained(self, timeout: float = 60.0) -> None:
        """Wait until everything in both chains is receipted."""
        async with asyncio.timeout(timeout):
            for name, journal in self.journals.items():
                while journal.receipted < journal.sequence:
                    self._moved[name].clear()
                    await self._moved[name].wait()

    async def hear(self, name: str, timeout: float = 30.0) -> dict[str, Any]:
        """Wait for the next message of that name and take it."""
        async with asyncio.timeout(timeout):
            while not self.heard.get(name):
                await asyncio.sleep(0.005)
        return self.heard[name].pop(0)

    def _status(self, online: bool) -> bytes:
        fields = {field: 0 for field, *_ in messages.fields_of("status")} | {"online": online}
        body: bytes = messages.encode("status", **fields)
        return body

    def send_waiting(self) -> None:
        """Send the oldest unreceipted batch of each chain now."""
        for name, journal in self.journals.items():
            body = journal.batch(self.batch_limit)
            if body:
                self.send(name, body)

    async def _send_waiting(self) -> None:
        while True:
            self.send_waiting()
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self.resend_s)

    def _on_message(self, topic: str, payload: bytes) -> None:
        name = topic.rsplit("/", 1)[1]
        try:
            body = messages.untagged(self.message_key, topic, payload)
            fields = {"body": body} if name == "chunk" else messages.decode(name, body)
        except messages.MessageError:
            self.not_genuine += 1
            return
        if name == "verdict":
            waiting = self._checks.get(fields["check"])
            if waiting and not waiting.done():
                waiting.set_result(fields)
            return
        if name == "settings":
            self.settings = fields
        elif name in ("receipt", "refused"):
            stream = "records" if name == "receipt" else "refusals"
            self._receipted(stream, fields["epoch"], fields["upto"], fields["chain"])
        elif name == "welcome":
            if fields["session"] != self._greeting:
                return  # of an earlier connection
            self._receipted("records", fields["epoch"], fields["received"], fields["chain"])
        self.heard.setdefault(name, []).append(fields)

    def _receipted(self, stream: str, epoch: int, upto: int, chain: str) -> None:
        journal = self.journals[stream]
        before = journal.receipted
        journal.receipt(epoch, upto, messages.bytes_of(chain))
        if journal.receipted > before:
            self._moved[stream].set()
            if journal.receipted < journal.sequence:
                self._news.set()
