"""What the simulator itself costs: the firmware's heap holds the fakes too, and many terminals share a host."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

AT_MAIN = 8_300
WITH_NETWORK = 11_200
FREE_RUNNING = """
import asyncio
from plain_keys import PlainKeys
keys = PlainKeys()
async def main():
    while True:
        keys.scan()
        await asyncio.sleep_ms(5)
asyncio.run(main())
"""


def test_fakes_leave_the_heap_to_the_firmware(bench) -> None:
    said = bench.run(
        """
        import gc
        gc.collect()
        print(gc.mem_alloc())
        import network, socket
        gc.collect()
        print(gc.mem_alloc())
        """
    )
    at_main, with_network = map(int, said)
    assert at_main <= AT_MAIN, "MicroPython's own 0.7 KB and the mounted file system are in it"
    assert with_network <= WITH_NETWORK


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_an_idle_terminal_takes_little_of_a_core(bench) -> None:
    board = bench.put(FREE_RUNNING)
    board.power_on()
    board.wait_event("booted", since=0)
    time.sleep(0.3)
    pid = board.pid()
    assert pid is not None

    def used() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + time.process_time()

    before, started = used(), time.monotonic()
    time.sleep(3)
    assert (used() - before) / (time.monotonic() - started) < 0.05
