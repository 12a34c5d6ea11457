"""A small campaign of `make chaos`, and the proof that its judge and its faults do what they say."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from host_tools import toolchain
from tests.chaos import plan
from tests.chaos.__main__ import play, report
from tests.chaos.campaign import Options
from tests.chaos.judge import Verdict, compare
from tests.chaos.proxy import MODES, PORTAL, Proxy

SMALL = Options(seed=38, redemptions=1000, terminals=50, tills=0, ticks=60)


def test_small_campaign(tool: object, tmp_path: Path) -> None:
    tool(toolchain.mosquitto)  # type: ignore[operator]
    result = play(SMALL, tmp_path)
    assert result.verdict.kept, report(SMALL, result, 0)
    assert result.verdict.saved == SMALL.redemptions
    assert result.done["centre_dies"] and result.done["died after-commit"], "the centre dies between commit and receipt"


def test_a_seed_is_a_plan() -> None:
    faults = plan.draw(1, 2000, 50, True)
    assert faults == plan.draw(1, 2000, 50, True)
    assert faults != plan.draw(2, 2000, 50, True)
    kinds = {fault.kind for fault in faults}
    assert kinds >= {*plan.TERMINAL_KINDS, "centre_dies", "centre_killed", "broker_killed", "database_killed", "blackout"}
    assert {fault.detail.partition(":")[0] for fault in faults if fault.kind == "centre_dies"} == set(plan.POINTS)


def test_the_judge_sees_what_is_wrong() -> None:
    one, two, three = (bytes([number]) * 64 for number in (1, 2, 3))
    journal = {1: one, 2: two}

    def judged(saved: dict[int, bytes], held: list[tuple[int, bytes]]) -> tuple[int, int, bool]:
        verdict = Verdict()
        compare(verdict, "C", saved, journal, held)
        return verdict.lost, verdict.doubled, verdict.kept

    assert judged(journal, [(1, one), (2, two)]) == (0, 0, True)
    assert judged({1: one}, [(1, one), (2, two)]) == (0, 0, True), "on flash, and no display had said so"
    assert judged(journal, [(1, one)]) == (1, 0, False)
    assert judged(journal, [(1, one), (2, three)]) == (1, 0, False), "other bytes"
    assert judged(journal, [(1, one), (2, two), (2, two)]) == (0, 1, False)
    assert judged(journal, [(1, one), (2, two), (3, three)]) == (0, 1, False), "nobody wrote it"
    assert judged({1: one}, [(1, one)]) == (0, 0, False), "in the journal and never taken in"


def test_each_mode_of_the_proxy_is_what_it_says() -> None:
    """What an echoing broker behind it hears of ten messages, and what comes back."""
    packets = [bytes([0x30, 3, 0, 1, number]) for number in range(10)]

    async def through(mode: str) -> tuple[bytes, bytes]:
        heard = bytearray()

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(100):
                heard.extend(data)
                writer.write(data)
            writer.close()

        broker = await asyncio.start_server(echo, "127.0.0.1", 0)
        proxy = Proxy(broker.sockets[0].getsockname()[1], random.Random(1))
        await proxy.start()
        back = bytearray()
        if mode != "half_open":
            proxy.set(mode)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        if mode == "half_open":
            writer.write(b"\xc0\x00")
            await reader.readexactly(2)
            heard.clear()
            proxy.set(mode)
        try:
            writer.write(b"".join(packets))
            async with asyncio.timeout(4):
                while len(back) < (200 if mode == "doubled" else 50) and (data := await reader.read(1000)):
                    back.extend(data)
        except (TimeoutError, ConnectionResetError):
            pass
        writer.close()
        proxy.stop()
        broker.close()
        return bytes(heard), bytes(back)

    async def every() -> dict[str, tuple[bytes, bytes]]:
        modes = ("clean", *MODES)
        return dict(zip(modes, await asyncio.gather(*map(through, modes)), strict=True))

    seen = asyncio.run(every())
    sent = b"".join(packets)
    assert seen["clean"] == seen["slow"] == (sent, sent)
    assert 0 < len(seen["lossy"][0]) < len(sent)
    assert len(seen["doubled"][0]) == 2 * len(sent)
    assert seen["jumbled"][0] != sent and sorted(seen["jumbled"][0]) == sorted(sent)
    assert len(seen["torn"][0]) % 5, "the last message came in half"
    assert seen["portal"] == (b"", PORTAL)
    for mode in ("half_open", "hole", "down"):
        assert seen[mode] == (b"", b""), mode
