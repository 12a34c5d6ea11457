"""The connection to the broker: ends when it is told to, at whatever moment; comes back when it is lost."""

from __future__ import annotations

import asyncio
import contextlib

from central.link import Endpoint, Link


class TinyBroker:
    """Says yes to CONNECT and SUBSCRIBE and nothing else. Not imitated: everything else a broker does."""

    def __init__(self) -> None:
        self.writers: list[asyncio.StreamWriter] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readexactly(1))[0]
                body = await reader.readexactly((await reader.readexactly(1))[0])
                if head >> 4 == 1:
                    writer.write(b"\x20\x02\x00\x00")
                elif head >> 4 == 8:
                    writer.write(b"\x90\x03" + body[:2] + b"\x00")


async def connected() -> None:
    """What the link awaits after subscribing."""


def test_ends_at_whatever_moment_it_is_told_to() -> None:
    """Cancelled after each number of turns of the event loop while it connects: before 3.12 `wait_for` forgets some of them."""

    async def scenario() -> None:
        broker = TinyBroker()
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for turns in range(120):
            link = Link(Endpoint("127.0.0.1", port), lambda *_: None, connected)
            task = asyncio.create_task(link.run())
            for _ in range(turns):
                await asyncio.sleep(0.0002 if turns % 2 else 0)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=15)
            assert done, f"still running, cancelled after {turns} turns"
        server.close()

    asyncio.run(scenario())


def test_comes_back_after_every_loss() -> None:
    async def scenario() -> None:
        broker = TinyBroker()
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
        link = Link(Endpoint("127.0.0.1", server.sockets[0].getsockname()[1]), lambda *_: None, connected)
        task = asyncio.create_task(link.run())
        for loss in range(1, 4):
            async with asyncio.timeout(20):
                while link.connects < loss:
                    await asyncio.sleep(0.01)
            broker.writers[-1].transport.abort()
        async with asyncio.timeout(20):
            while link.connects < 4:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        server.close()

    asyncio.run(scenario())
