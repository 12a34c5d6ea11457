"""The uplink on MicroPython, told what to do by its arguments (JSON), telling what happens in JSON lines.

A heartbeat of 5 ms runs in the same loop, as the keypad's scan does on a terminal; its worst delay is reported at the end.
"""

import asyncio
import json
import sys
from time import ticks_diff, ticks_ms, ticks_us

from firmware.terminal.resolver import Resolver
from firmware.terminal.uplink import Uplink

_BEAT_MS = 5


def queued_us():
    """Microseconds that this process has been ready to run and had no processor (Linux, schedstat)."""
    with open("/proc/self/schedstat") as file:
        return int(file.read().split()[1]) // 1000


class Link:
    def __init__(self, dns):
        self._dns = dns
        self.up = True

    def connected(self):
        return self.up

    def dns(self):
        return self._dns


class Side:
    """`orders`: host, port, seconds; optional user, password, keepalive, dns, dns_port, known, echo (number of round trips),
    flood (publishes at once on getting up), pump (publishes as fast as send() takes them), down (seconds of link loss, from
    0.5 s on)."""

    def __init__(self, orders):
        self._orders = orders
        self.link = Link(orders.get("dns", "127.0.0.1"))
        self.resolver = Resolver(self.link.dns, orders.get("dns_port", 53))
        if "known" in orders:
            self.resolver.known[orders["host"]] = orders["known"]
        self.uplink = Uplink(
            orders["host"], orders["port"], client_id="T1", user=orders.get("user"), password=orders.get("password"),
            will=("t/will", b"gone"), subscribe="t/down/+", link=self.link, on_up=self.on_up, on_message=self.on_message,
            keepalive=orders.get("keepalive", 30), resolver=self.resolver,
        )  # fmt: skip
        self._reply = asyncio.Event()
        self._states = []
        self.worst = 0

    def say(self, **event):
        event["ms"] = ticks_diff(ticks_ms(), self._started)
        print(json.dumps(event))

    def on_up(self):
        self.say(up=self.uplink.sessions)
        self.uplink.send("t/up/hello", b"hello", True)
        if "flood" in self._orders:
            taken = 0
            for _ in range(self._orders["flood"]):
                taken += self.uplink.send("t/up/flood", b"x" * 2000)
            self.say(taken=taken)

    def on_message(self, topic, payload):
        if payload == b"raise":
            raise ValueError("13800138000")
        if topic == b"t/down/echo":
            self._reply.set()
        else:
            self.say(topic=topic.decode(), size=len(payload))

    async def beat(self):
        due, queued = ticks_us(), queued_us()
        while True:
            await asyncio.sleep_ms(_BEAT_MS)
            now, queued_now = ticks_us(), queued_us()
            late = ticks_diff(now, due) - _BEAT_MS * 1000
            # What a busy host kept this process waiting for is not what the loop was held for.
            self.worst = max(self.worst, late - (queued_now - queued))
            due, queued = now, queued_now

    async def follow(self):
        """Say each change of state and each fault."""
        before = None
        while True:
            now = (self.uplink.state, self.uplink.faults)
            if now != before:
                self.say(state=now[0], fault=self.uplink.fault, faults=now[1])
                before = now
            await asyncio.sleep_ms(5)

    async def echo(self, count):
        while not self.uplink.connected:
            await asyncio.sleep_ms(5)
        times = []
        for _ in range(count):
            self._reply.clear()
            start = ticks_us()
            self.uplink.send("t/down/echo", b"x" * 120)
            await asyncio.wait_for_ms(self._reply.wait(), 2000)
            times.append(ticks_diff(ticks_us(), start))
            await asyncio.sleep_ms(2)
        times.sort()
        self.say(echo=[times[count // 2], times[count * 99 // 100], times[-1]])

    async def pump(self):
        while True:
            while self.uplink.send("t/up/pump", b"x" * 4000):
                pass
            await asyncio.sleep_ms(1)

    async def flap(self, seconds):
        await asyncio.sleep_ms(500)
        self.link.up = False
        self.say(connected=self.uplink.connected, sent=self.uplink.send("t/up/x", b""))
        await asyncio.sleep_ms(int(seconds * 1000))
        self.link.up = True

    async def main(self):
        self._started = ticks_ms()
        tasks = [self.uplink.run(), self.beat(), self.follow()]
        if "echo" in self._orders:
            tasks.append(self.echo(self._orders["echo"]))
        if "pump" in self._orders:
            tasks.append(self.pump())
        if "down" in self._orders:
            tasks.append(self.flap(self._orders["down"]))
        tasks = [asyncio.create_task(task) for task in tasks]
        await asyncio.sleep_ms(int(self._orders["seconds"] * 1000))
        line = self.uplink
        self.say(
            worst_us=self.worst, state=line.state, fault=line.fault, faults=line.faults, sessions=line.sessions,
            skipped=line.skipped, handler_faults=line.handler_faults, connected=line.connected, known=self.resolver.known,
        )  # fmt: skip
        ended = [task for task in tasks[:3] if task.done()]
        if ended:
            self.say(ended=len(ended))
            sys.exit(1)


asyncio.run(Side(json.loads(sys.argv[1])).main())
