"""A terminal at the level of the protocol, treated badly. Its journal is its flash; everything else goes with the power.

It sends as firmware/terminal/courier.py does: the oldest batch of each chain, one in flight, again after `resend_s` without a
receipt, a receipt believed only when its chain value is ours. Waits are shorter than the device's, so that a campaign has more
outages in a minute. A line on which nothing is heard is given up, as firmware/terminal/uplink.py does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import Any

from protocol.month import month_of
from protocol.record import REDEMPTION, REFUSAL, VOID
from tests.chaos.proxy import Proxy
from tests.wire_mqtt import WireMqtt
from tests.wire_terminal import WireTerminal

KEEPALIVE_S = 2.0
CONNECT_S = 2.0
YEAR_S = 365 * 86_400
_DEMO_MEMBERS = (13_800_138_000, 13_900_139_000, 13_700_137_000, 13_600_136_000)


class Line(WireMqtt):
    """Knows when it last heard anything, and gives up a peer that does not speak MQTT."""

    heard_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.heard_at = time.monotonic()

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        try:
            super().data_received(data)
        except Exception:  # a portal's page, say: whatever it does to the decoder, the line is of no use
            self.close()

    def ping(self) -> None:
        self._send(0xC0, b"")


class ChaosTerminal(WireTerminal):
    """`saved` is what its display has called saved: each sequence with the slot as it was written to flash then."""

    line = Line

    def __init__(self, name: str, key: bytes, proxy: Proxy, chance: random.Random) -> None:
        super().__init__(name, key, "127.0.0.1", proxy.port)
        self.proxy = proxy
        self.saved: dict[int, bytes] = {}
        self.powered = True
        self.resolves = True
        self.clock_off = 0
        self.due = 0.0
        self.resends = 0
        self._chance = chance
        self._sent_at: dict[str, tuple[float, int]] = {}

    # the cashier's side

    def work(self) -> None:
        """Do what customers are waiting for."""
        while self.powered and self.due >= 1:
            self.due -= 1
            chance = self._chance.random()
            if chance < 0.03:
                self._refuse()
            fields = self._fields()
            if chance > 0.97 and self.journal.sequence:
                link = self._chance.randint(1, self.journal.sequence)
                fields |= {"kind": VOID, "link": link, "link_epoch": self.journal.epoch}
            sequence = self.journal.append(**fields)
            self.saved[sequence] = self.journal.slots[-1]
            self._news.set()

    def cut_in_append(self) -> None:
        """The power goes between the flash and the display: the record is in the journal, and nobody was told."""
        if self.powered:
            self.journal.append(**self._fields())
        self.power_off()

    def _fields(self) -> dict[str, Any]:
        moment = int(time.time()) + self.clock_off
        member = (
            self._chance.choice(_DEMO_MEMBERS) if self._chance.random() < 0.2 else self._chance.randint(131 * 10**8, 139 * 10**8)
        )
        return {"kind": REDEMPTION, "time": moment, "month": month_of(moment), "member": member, "tier": 2, "offer": 1}

    def _refuse(self) -> None:
        moment = int(time.time()) + self.clock_off
        self.journals["refusals"].append(kind=REFUSAL, time=moment, month=month_of(moment), member=13_500_135_000, reason=8)

    # power

    def power_off(self) -> None:
        """RAM is gone; the journal stays."""
        self.powered = False
        self._lost()

    def power_on(self) -> None:
        self.powered = True

    # the line

    async def live(self) -> None:
        """Keep connected for ever, as far as power, name server and network allow it."""
        while True:
            if self.powered and self.resolves:
                with contextlib.suppress(OSError, TimeoutError, AssertionError):
                    await self._session()
                self._lost()
            await asyncio.sleep(self._chance.uniform(0.1, 0.5))

    async def _session(self) -> None:
        async with asyncio.timeout(CONNECT_S):
            await self.connect()
        line = self.mqtt
        assert isinstance(line, Line)
        while self.powered and not line.closed.done():
            await asyncio.wait({line.closed}, timeout=KEEPALIVE_S / 2)
            if time.monotonic() - line.heard_at > KEEPALIVE_S:
                raise TimeoutError
            if not line.closed.done():
                line.ping()

    def _lost(self) -> None:
        super().power_cut()
        self._sent_at.clear()
        self.heard.clear()
        self.settings = None

    def send_waiting(self) -> None:
        now = time.monotonic()
        for name, journal in self.journals.items():
            sent, upto = self._sent_at.get(name, (0.0, -1))
            if upto == journal.receipted and now - sent < self.resend_s:
                continue  # in flight
            body = journal.batch(self.batch_limit)
            if body:
                self.resends += upto == journal.receipted
                self._sent_at[name] = (now, journal.receipted)
                self.send(name, body)

    def _on_message(self, topic: str, payload: bytes) -> None:
        super()._on_message(topic, payload)
        self.heard.clear()

    @property
    def waiting(self) -> int:
        """Records and refusals without a receipt."""
        return sum(journal.sequence - journal.receipted for journal in self.journals.values())
