"""Broker, centre and database of a campaign, each of which can be killed and brought back, and the terminals they know."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from pathlib import Path

from central import demo, members, registry
from central.database import Database
from host_tools import toolchain
from host_tools.errors import CheYouError
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.mosquitto_process import MosquittoProcess
from protocol.keys import hmac_sha256
from tests.central.postgres_process import PostgresProcess
from tests.chaos.plan import Fault

DIES_WITHIN_S = 5.0
VIPS = range(13_811_110_000, 13_811_120_000)
"""Members whom only full terminals serve: each of them once."""
_WHO = "chaos"


class Stand:
    """`with Stand(…) as stand:` everything runs. `done` counts deaths. `url` is the database's."""

    def __init__(self, folder: Path, names: list[str], seed: int, postgres: bool = False) -> None:
        self.folder = folder
        self.postgres = PostgresProcess(toolchain.postgres_bin()) if postgres else None
        self.url = self.postgres.database() if self.postgres else f"sqlite:///{(folder / 'centre' / 'centre.db').absolute()}"
        self.keys = {name: hmac_sha256(f"{seed} {name}".encode(), b"key") for name in names}
        self.done: Counter[str] = Counter()
        self.broker = MosquittoProcess(folder / "broker")
        self.centre = CentreProcess(folder / "centre", self.broker, db=self.url)
        self._one_at_a_time = asyncio.Lock()

    def __enter__(self) -> Stand:
        database = Database(self.url)
        database.create()
        demo.seed(database)
        with database.write() as connection:
            for name, key in self.keys.items():
                registry.add(connection, name, demo.MERCHANT, _WHO, key)
                registry.set_state(connection, name, "issued", _WHO)
            blank = {"tier": 2, "active_from": int(time.time()) - 40 * 86_400, "active_until": None, "blocked": False}
            members.put(connection, [blank | {"member": member} for member in VIPS[:1000]])
        self.broker.admit(database)
        database.dispose()
        self.broker.start()
        self.centre.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.centre.stop()
        self.broker.stop()
        if self.postgres:
            self.postgres.remove()

    async def suffer(self, fault: Fault, seconds: float) -> None:
        """Let a fault of everybody's happen and pass, and everything it killed come back after `seconds`."""
        async with self._one_at_a_time:
            self.done[fault.kind] += 1
            await getattr(self, "_" + fault.kind)(fault, seconds)

    async def _centre_killed(self, fault: Fault, seconds: float) -> None:
        self.centre.kill()
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.centre.start)

    async def _centre_dies(self, fault: Fault, seconds: float) -> None:
        """It runs until it comes to a point of central/faults.py."""
        self.centre.kill()
        with contextlib.suppress(CheYouError):  # dead before it said that it was ready
            await asyncio.to_thread(self.centre.start, fault.detail)
        deadline = time.monotonic() + DIES_WITHIN_S
        while self.centre.running and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        point = fault.detail.partition(":")[0]
        self.done[f"{'missed' if self.centre.running else 'died'} {point}"] += 1
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.centre.start)

    async def _broker_killed(self, fault: Fault, seconds: float) -> None:
        self.broker.stop()
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.broker.start)

    async def _database_killed(self, fault: Fault, seconds: float) -> None:
        self._kill_database()
        await asyncio.sleep(seconds)
        await self._start_database()

    async def _blackout(self, fault: Fault, seconds: float) -> None:
        self.centre.kill()
        self.broker.stop()
        self._kill_database()
        await asyncio.sleep(seconds)
        await self._start_database()
        await asyncio.to_thread(self.broker.start)
        await asyncio.to_thread(self.centre.start)

    def _kill_database(self) -> None:
        if self.postgres:
            server = self.postgres.process
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            for pid in (server.pid, *map(int, children)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            server.wait()

    async def _start_database(self) -> None:
        if self.postgres:
            await asyncio.to_thread(self.postgres.start)
