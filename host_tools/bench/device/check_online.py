"""Checks through the firmware's own checks, courier and uplink, on MicroPython. Not imitated: flash, display, keypad, Wi-Fi.

First line on stdin (JSON): port, terminal, key (hex), member, month, offer, now. Each further line is a number of checks to make;
the answer holds their times in microseconds, from the request handed to the uplink to the verdict handed to the desk.
"""

import asyncio
import json
import sys
import time
from binascii import unhexlify

from firmware.terminal.answers import Answers
from firmware.terminal.checks import check
from firmware.terminal.courier import Courier
from firmware.terminal.uplink import Uplink
from protocol import topics
from protocol.keys import derive
from protocol.messages import hex_of
from protocol.offers import Offer

orders = json.loads(sys.stdin.readline())


class Clock:
    """A clock that the centre sets and nothing carries on: the bench is over before it matters."""

    def __init__(self, now):
        self._now = now
        self.source = 1

    def now(self):
        return self._now

    def hear_centre(self, time):
        self._now = time


class Settings:
    """What a check reads of the settings, and of offers and tiers."""

    def __init__(self):
        self.suspended = False
        self.grace_hours = 0
        self.list_age = {}

    def tier_name(self, code):
        return None

    def receive(self, payload):
        return False


class Nothing:
    """A journal without records, and member lists that say that there is none."""

    epoch = sequence = waiting = 0

    def batch(self, limit):
        return None

    def receipt(self, epoch, upto, chain):
        return False

    def find(self, member, since):
        return iter(())

    def state(self, month, now):
        return 0, 0, 0

    def is_past(self, stage, age, tier):
        return False

    def hear_offer(self, fields):
        pass


class Terminal:
    """The parts that a check asks; ``handed_us``: when the last request was handed to the uplink."""

    training = None

    def __init__(self, courier, clock):
        self.settings = Settings()
        self.answers = Answers(lambda verdict: None)
        self.clock = clock
        self.lists = self.journal = Nothing()
        self.courier = self.screens = self
        self.handed_us = 0
        self._courier = courier

    def send(self, message, body):
        self.handed_us = time.ticks_us()
        return self._courier.send(message, body)


class Link:
    """A cable that is plugged in."""

    def connected(self):
        return True

    def dns(self):
        return "127.0.0.1"


def facts(message):
    if message == "hello":
        return {"version": "bench", "board": "bench", "epoch": 1, "sequence": 0, "list": 0, "settings": 0, "boot": 1}
    fields = dict.fromkeys(("waiting", "level", "answered", "offline", "dropped", "forks", "damaged"), 0)
    fields["online"] = True
    return fields


async def main():
    name, key = orders["terminal"], unhexlify(orders["key"])
    nothing, clock = Nothing(), Clock(orders["now"])
    courier = Courier(time, name, key, nothing, nothing, Settings(), clock)
    courier.facts = facts
    terminal = Terminal(courier, clock)
    uplink = Uplink(
        "127.0.0.1", orders["port"], client_id=name, user=name, password=hex_of(derive(key, b"mqtt")), will=courier.will(),
        subscribe=topics.down(name, "+"), link=Link(), on_up=courier.connected, on_message=courier.hear,
    )  # fmt: skip
    courier.join(uplink, terminal.answers, nothing)
    tasks = [asyncio.create_task(uplink.run()), asyncio.create_task(courier.run())]
    while not uplink.connected:
        await asyncio.sleep_ms(10)
    offer = Offer(orders["offer"])
    print("ready")
    while True:
        line = sys.stdin.readline()  # the loop stands still while it is the peer's turn
        if not line:
            break
        await asyncio.sleep_ms(50)
        times = []
        for _ in range(int(line)):
            found = "list_missing", False, None, 0
            verdict = await check(terminal, orders["member"], True, orders["month"], offer, terminal.settings, found)
            times.append(time.ticks_diff(time.ticks_us(), terminal.handed_us))
            # One that was too late for the deadline counts with the 700 ms it took the desk to go on without it.
            if verdict.online and verdict.reason != "valid":
                print(verdict.reason)
                return
            await asyncio.sleep_ms(2)
        print(json.dumps(times))
    for task in tasks:
        task.cancel()


asyncio.run(main())
