"""A counter whose cashier opens the menu: journal, pages and texts are the real ones."""

import asyncio

import asyncio_ms  # noqa: F401 - for CPython
from glass import English, Glass
from nor_flash import NorFlash, Partition

from firmware.terminal import overlay, till
from firmware.terminal.checks import _history
from firmware.terminal.desk import Desk
from firmware.terminal.journal import Journal
from firmware.terminal.screens import Screens
from firmware.terminal.terminal import Terminal
from firmware.terminal.today import COUNTING
from protocol import messages, month, pin
from protocol.offers import Offer
from protocol.record import REDEMPTION, Record, Sealer

TILL = till.Till  # other tests put theirs in its place
KEY = bytes(range(32))
NOW = month.unix(2026, 12, 10, 14, 32)
MEMBER = 13800138000
OFFERS = [
    Offer(
        {
            "id": n, "label": {"en": "Offer %d" % n}, "category": "wash", "discount": {"vip": {"percent": 20}},
            "limit": {"count": 1, "per": "day"},
        }
    )
    for n in (1, 2)
]  # fmt: skip


class Counter:
    """Stands for the terminal and its parts; journal, pages and texts are the real ones."""

    level = 0
    key = KEY
    version = 9
    source = 1
    merchant_id = "WASH"
    cashiers = b""
    cashier = second = 0
    signed_out = Terminal.signed_out

    def __init__(self):
        till.Till = TILL
        overlay.drop = lambda *names: None  # others hold on to these modules
        self.glass = Glass()
        self.screens = Screens(self.glass, English())
        self.signals = self.clock = self.settings = self.lists = self.courier = self.refusals = self
        self.time = NOW
        self.wrong_pins = [0, 0, 0, 0]
        self.pin = pin.proof(KEY, pin.digest("WASH", "246810"))
        self.heard = None
        self.wakes = 0
        self.sent = []
        self.closed = None
        self.connected = True
        self.journal = Journal(Partition(NorFlash(6)), Sealer(KEY), lambda above: above + 1)
        self.desk = Desk(self)

    def now(self):
        return self.time

    def online(self):
        return self.connected

    def list_is_old(self):
        return False

    def give(self, name):
        self.heard = name

    def dark(self):
        pass

    def tick(self):
        pass

    def wake(self):
        self.wakes += 1

    def tier_label(self, code):
        return {"en": "VIP"}, "vip"

    def send(self, name, body):
        self.sent.append((name, messages.decode(name, body)))

    def catalogue(self):
        return self

    def offer(self, number):
        return {1: OFFERS[0], 2: OFFERS[1]}.get(number)

    # What a test does

    def redeemed(self, member=MEMBER, offer=1, time=NOW - 600, kind=REDEMPTION, flags=0, tier=2):
        return self.journal.append(Record(kind, 0, 0, time, 1, flags, 202612, member, tier, offer, 7, 3, 10000, 8000, 0, 0, 0, 0))

    def hold(self, key):
        self.desk.key("press", key)
        self.desk.key("hold", key)

    def press(self, keys):
        for key in keys:
            self.desk.key("press", key)

    def seconds(self, count):
        for _ in range(count):
            if self.time is not None:
                self.time += 1
            self.second += 1
            self.desk.tick()

    def open_today(self):
        """The totals, counted."""

        async def counting():
            self.hold("#")
            self.press("2")
            await self.counted()

        asyncio.run(counting())

    async def counted(self):
        for _ in range(500):
            await asyncio.sleep(0)
            if self.desk.page and self.desk.page.state != COUNTING:
                return
        raise AssertionError("still counting")

    def received(self):
        """The centre has all of the journal."""
        self.journal.receipt(1, self.journal.sequence, self.journal.chain)

    def answered(self, **other):
        """The centre's answer to the last close, the same as was told but for ``other``."""
        told = self.sent[-1][1]
        fields = {"missing": []}
        for name in ("day", "paid", "returned", "totals"):
            fields[name] = told[name]
        fields.update(other)
        self.closed = messages.decode("closed", messages.encode("closed", **fields))

    def rows(self):
        return [self.glass[0].strip(), self.glass[1].strip()]

    def used(self, offer):
        return asyncio.run(_history(self.journal, MEMBER, offer, self.time))[0]
