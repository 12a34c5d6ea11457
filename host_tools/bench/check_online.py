"""From the request handed to the uplink to the verdict handed to the desk, beside the plainest thing that could do the same.

Ours: the firmware's checks, courier and uplink on 32-bit MicroPython, the centre. The peer: umqtt.simple with TCP_NODELAY on the
same MicroPython, a bare responder that does the same database reads. Both go through the same Mosquitto and one relay that holds
every byte back for 25 ms each way, in turns, so that what else this machine does falls on both.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from central import catalog, demo, registry
from central.database import Database
from host_tools import toolchain
from host_tools.bench.delay_relay import DelayRelay
from host_tools.bench_file import Figures, figure
from host_tools.errors import CheYouError
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.mosquitto_process import MosquittoProcess
from protocol.keys import derive
from protocol.month import month_of

TERMINAL = "BENCH-ONLINE"
OFFER = demo.OFFER | {"id": 2, "limit": {"count": 1000, "per": "day"}}  # limited, so that both reads are made
DELAY_S = 0.025
ROUNDS, CHECKS = 20, 50
_CHECK_BYTES = 101  # a check and its tag
_DEVICE = Path(__file__).parent / "device"


class _Side:
    """One of the two, on MicroPython."""

    def __init__(self, script: str, orders: dict[str, Any]) -> None:
        path = ":".join(map(str, (toolchain.ROOT, toolchain.library_dir(), ".frozen")))
        self._process = subprocess.Popen(
            [toolchain.micropython(32), "-X", "heapsize=512K", _DEVICE / script],
            env={**os.environ, "MICROPYPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # Not as an argument: MicroPython's end at 255 bytes.
        self._say(json.dumps(orders))
        self._expect("ready")

    def times(self, count: int) -> list[int]:
        """Make so many round trips; microseconds."""
        self._say(str(count))
        found: list[int] = json.loads(self._expect("["))
        return found

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin  # noqa: S101 - asked for above
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _expect(self, beginning: str) -> str:
        assert self._process.stdout  # noqa: S101 - asked for above
        line = self._process.stdout.readline()
        if not line.startswith(beginning):
            raise CheYouError(f"the bench's terminal said {line.strip()!r}", "run the device script by hand to see why")
        return line


def prepare(database: Database) -> bytes:
    """Put the limited offer in and register the bench's terminal; its key."""
    with database.write() as connection:
        catalog.put_offer(connection, demo.MERCHANT, OFFER)
        return registry.add(connection, TERMINAL, demo.MERCHANT, "bench")


def allow_echo(folder: Path) -> None:
    """Let every account of this broker use the echo's topics."""
    acl = folder / "acl"
    acl.write_text(acl.read_text() + "\npattern readwrite bench/echo/+\n")


def run(broker: MosquittoProcess, centre: CentreProcess, key: bytes) -> Figures:
    """``check_online_*``."""
    return asyncio.run(_run(broker, centre, key))


async def _run(broker: MosquittoProcess, centre: CentreProcess, key: bytes) -> Figures:
    relay = DelayRelay(broker.port, DELAY_S)
    port = await relay.start()
    url = centre.database().url.render_as_string(hide_password=False)
    member = next(iter(demo.MEMBERS))
    responder = subprocess.Popen(
        [sys.executable, "-m", "host_tools.bench.echo_responder", str(broker.port), url, demo.MERCHANT, "2"],
        env={**os.environ, "CHEYOU_BROKER_PASSWORD": broker.centre_password},
        stdout=subprocess.PIPE,
        cwd=toolchain.ROOT,
    )
    sides: list[_Side] = []
    try:
        assert responder.stdout  # noqa: S101 - asked for above
        await asyncio.to_thread(responder.stdout.readline)
        now = int(time.time())
        ours = {
            "port": port,
            "terminal": TERMINAL,
            "key": key.hex(),
            "member": member,
            "month": month_of(now),
            "offer": OFFER,
            "now": now,
        }
        password = derive(key, b"mqtt").hex()
        theirs = {"port": port, "user": TERMINAL, "password": password, "member": member, "bytes": _CHECK_BYTES}
        sides.append(await asyncio.to_thread(_Side, "check_online.py", ours))
        sides.append(await asyncio.to_thread(_Side, "echo_online.py", theirs))
        times: list[list[int]] = [[], []]
        for _ in range(ROUNDS):
            for side, found in zip(sides, times, strict=True):
                found += await asyncio.to_thread(side.times, CHECKS)
    finally:
        for side in sides:
            side.stop()
        responder.kill()
        responder.wait()
        relay.stop()
    mine, peers = (sorted(found) for found in times)
    p99, p99_peer = (found[len(found) * 99 // 100] / 1000 for found in (mine, peers))
    return {
        "check_online_p50_ms": figure(round(mine[len(mine) // 2] / 1000, 2), "ms", round(peers[len(peers) // 2] / 1000, 2)),
        "check_online_p99_ms": figure(round(p99, 2), "ms", round(p99_peer, 2)),
        "check_online_p99_ratio": figure(round(p99 / p99_peer, 3), "× umqtt.simple echo", 1.3),
    }
