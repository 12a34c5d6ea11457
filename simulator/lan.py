"""What lies beyond the antenna: the way to TCP services, and answers for DNS and NTP.

Addresses are the host's own: 127.0.0.1 is the machine the simulator runs on. Whatever the firmware opens runs through a
relay here, so that it can be delayed, held up, swallowed or cut.

Loss is what TCP makes of it: a lost segment arrives after its retransmission, 300 ms later and then twice as much each time, and
everything behind it waits. A lost datagram does not arrive.

Not imitated: UDP to anything but ports 53 and 123, segments' sizes, addresses taken away by another board.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import random
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Literal, cast, get_args

from simulator import dns as name_server
from simulator import ntp
from simulator.calls import Answer, Handler
from simulator.firmware_process import Call
from simulator.relay import Relay

TCP_OPEN, UDP_OPEN, RESOLVE, NTP_TIME = range(40, 44)
Tcp = Literal["open", "silent", "refuse", "lost"]
Dns = Literal["answer", "silent"]
DECIDE_S = 0.02  # how long the firmware's connect() may wait to learn whether anybody listens there
RESEND_S = 0.3  # between Linux's 0.2 s and lwIP's 0.5 s on a known way
GIVE_UP_S = 14.0  # lwIP's patience with a name server


class Lan:
    """Settings may be changed at any time, on the board's thread.

    `delay_ms` holds everything up, each way. `loss` (0 to 0.9) is the share of packets that get lost, `seed` chooses which.
    `tcp`: `open`, or new connections are accepted and everything is swallowed (`silent`), are refused, or get no answer at
    all (`lost`). `dns`: `answer` or `silent`. `hosts` maps names to addresses before the host's resolver is asked; an empty
    address means there is no such name, and the name `*` answers for every one, as a captive portal does.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, passing: Callable[[], bool], now: Callable[[], float], seed: int = 0
    ) -> None:
        self._loop = loop
        self._passing = passing
        self._now = now
        self.delay_ms = 0.0
        self.loss = 0.0
        self.lost_packets = 0
        self.tcp: Tcp = "open"
        self.dns: Dns = "answer"
        self.hosts: dict[str, str] = {}
        self._relays: set[Relay] = set()
        self._udp: dict[int, asyncio.DatagramTransport] = {}
        self._dead_ends: list[socket.socket] = []
        self._chance = random.Random(seed)  # noqa: S311 - weather, no secret

    def handlers(self) -> dict[int, Handler]:
        return {TCP_OPEN: self._tcp_open, UDP_OPEN: self._udp_open, RESOLVE: self._resolve, NTP_TIME: self._ntp_time}

    # what happens to the board

    def link_changed(self) -> None:
        """Packets begin or cease to pass."""
        for relay in tuple(self._relays):
            relay.let_through(self._passing())

    def addresses_gone(self) -> None:
        """The station has lost its address: lwIP aborts every connection."""
        for relay in tuple(self._relays):
            relay.abort_station()

    def station_gone(self) -> None:
        """Power or reset: the board forgets its connections without a word, the other ends stay half open."""
        for relay in tuple(self._relays):
            relay.forget_station()

    def cut_connections(self) -> None:
        """Reset every open connection, as a router that forgot them does."""
        for relay in tuple(self._relays):
            relay.abort()

    def change(
        self, *, delay_ms: float | None = None, loss: float | None = None, tcp: Tcp | None = None, dns: Dns | None = None,
        hosts: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Change the settings given; ValueError when one is none that there is."""
        if loss is not None and not 0 <= loss <= 0.9:
            raise ValueError("loss is a share from 0 to 0.9")
        if (tcp is not None and tcp not in get_args(Tcp)) or (dns is not None and dns not in get_args(Dns)):
            raise ValueError(f"tcp is one of {', '.join(get_args(Tcp))}; dns is one of {', '.join(get_args(Dns))}")
        self.delay_ms = self.delay_ms if delay_ms is None else delay_ms
        self.loss = self.loss if loss is None else loss
        self.dns = dns or self.dns
        self.hosts = self.hosts if hosts is None else dict(hosts)
        if tcp is not None:
            self.tcp = tcp
            for relay in tuple(self._relays):
                relay.swallowing = tcp == "silent"

    def close(self) -> None:
        for relay in tuple(self._relays):
            relay.abort()
        for transport in self._udp.values():
            transport.close()
        for dead_end in self._dead_ends:
            dead_end.close()

    # what the firmware asks for

    async def _tcp_open(self, call: Call) -> Answer:
        """A port of ours that behaves as the one asked for does."""
        if not self._passing() or self.tcp == "lost":
            return Answer(self._lost_port())
        if self.tcp == "refuse":
            return Answer(self._refusing_port())
        relay = Relay(self._loop, self._relays, self._way_s)
        relay.swallowing = self.tcp == "silent"
        if not relay.swallowing:
            reached = self._loop.create_task(relay.reach(call.data.decode(), call.a))
            reached.add_done_callback(lambda done: done.cancelled() or done.exception())
            try:
                await asyncio.wait_for(asyncio.shield(reached), DECIDE_S)
            except TimeoutError:
                pass  # not yet; a failure later resets the connection
            except OSError as fault:
                return Answer(self._lost_port() if fault.errno == errno.ETIMEDOUT else self._refusing_port())
        return Answer(relay.listen())

    async def _udp_open(self, call: Call) -> Answer:
        port = call.a
        if port not in self._udp:
            transport, _ = await self._loop.create_datagram_endpoint(
                lambda: _Datagrams(lambda data, reply: self._datagram(port, data, reply)), local_addr=("127.0.0.1", 0)
            )
            self._udp[port] = transport
        return Answer(self._udp[port].get_extra_info("sockname")[1])

    async def _resolve(self, call: Call) -> Answer:
        if not self._passing() or self.dns == "silent":
            await asyncio.sleep(GIVE_UP_S)
            return Answer(-errno.ENOENT)
        address = await self._address(call.data.decode())
        return Answer(data=address.encode()) if address else Answer(-errno.ENOENT)

    async def _ntp_time(self, call: Call) -> Answer:
        if not self._passing():
            await asyncio.sleep(call.a)
            return Answer(-errno.ETIMEDOUT)
        await asyncio.sleep(2 * self.delay_ms / 1000)
        return Answer(data=struct.pack("<I", int(self._now()) - ntp.ESP32_EPOCH))

    def _way_s(self) -> float:
        """How long something now takes one way, its retransmissions included."""
        wait, resend = self.delay_ms / 1000, RESEND_S
        while self._lost():
            wait, resend = wait + resend, resend * 2
        return wait

    def _lost(self) -> bool:
        lost = self.loss > 0 and self._chance.random() < self.loss
        self.lost_packets += lost
        return lost

    def _datagram(self, port: int, data: bytes, reply: Callable[[bytes], None]) -> None:
        if self._passing() and not self._lost() and not self._lost():  # there and back
            self._loop.call_later(2 * self.delay_ms / 1000, self._serve_datagram, port, data, reply)

    def _serve_datagram(self, port: int, data: bytes, reply: Callable[[bytes], None]) -> None:
        if port == 123:
            self._reply(reply, ntp.answer(data, self._now()))
        elif port == 53 and self.dns == "answer":
            question = name_server.question(data)
            if question is not None:
                task = self._loop.create_task(self._answer_question(question, reply))
                task.add_done_callback(lambda done: done.exception())

    async def _answer_question(self, question: name_server.Question, reply: Callable[[bytes], None]) -> None:
        address = await self._address(question.name) if question.wants_ipv4 else None
        self._reply(reply, name_server.answer(question, address))

    def _reply(self, reply: Callable[[bytes], None], data: bytes | None) -> None:
        if data is not None and self._passing():
            reply(data)

    async def _address(self, name: str) -> str | None:
        """The IPv4 address behind a name; None when there is none."""
        known: Mapping[str, str] = self.hosts
        for key in (name, "*"):
            if key in known:
                return known[key] or None
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            pass
        if name_server.is_time_server(name):
            return name_server.TIME_SERVER
        try:
            found = await self._loop.getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
        except OSError:
            return None
        return str(found[0][4][0])

    def _refusing_port(self) -> int:
        # Bound and not listening: connecting to it is refused, and nobody else gets the number meanwhile.
        dead_end = socket.socket()
        dead_end.bind(("127.0.0.1", 0))
        self._keep(dead_end)
        return int(dead_end.getsockname()[1])

    def _lost_port(self) -> int:
        # A full backlog: Linux then drops the SYN, which is what a lost packet looks like.
        dead_end = socket.socket()
        dead_end.bind(("127.0.0.1", 0))
        dead_end.listen(0)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(dead_end.getsockname())
            self._keep(filler)
        self._keep(dead_end)
        return int(dead_end.getsockname()[1])

    def _keep(self, dead_end: socket.socket) -> None:
        self._dead_ends.append(dead_end)
        while len(self._dead_ends) > 30:
            self._dead_ends.pop(0).close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, serve: Callable[[bytes, Callable[[bytes], None]], None]) -> None:
        self._serve = serve
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # Python 3.11's is none by inheritance

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        transport = self._transport
        if transport is not None:
            self._serve(data, lambda answer: transport.sendto(answer, addr))
