"""What of MicroPython's heap the terminal needs, on 32 bit, with the simulator's fakes: at idle, and for a day's work.

`heap_idle_free_bytes` is what a heap of 96 KB has left when the terminal is connected, has its settings and its list and waits
for a customer; negative when it has not even that. `heap_peak_bytes` is the smallest heap in which the terminal does all of
`_work`, found by trying: nothing else counts what only exists for an instant, and holes in the heap.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import littlefs

from central import demo, registry
from host_tools import app_image, boards, toolchain
from host_tools.bench_file import Figures, figure
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.stand.cashier import Cashier
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.terminal import BOARD, image, on_bench
from simulator.board import BenchBoard

TARGET_KB = 96
_WIDE = range(64, 257, 16)  # KB; then every 2 KB below the smallest that will do
_FINE_KB = 2
_AT_ONCE = 4
_SAMPLES = 4
_VIP, _TRIAL, _BLOCKED = (number for number in demo.MEMBERS if number != "13900139000")
# Beside the terminal, as a task of its own: what is left of the heap, once a second.
_PROBE = """\
import asyncio, gc
async def probe():
    while True:
        await asyncio.sleep(1)
        gc.collect()
        print("heap", gc.mem_alloc())
asyncio.create_task(probe())
del probe
"""


def run() -> Figures:
    """`heap_*` and `app_mpy_bytes`."""
    board = boards.load(BOARD)
    with tempfile.TemporaryDirectory(prefix="cheyou-bench-") as folder:
        path = Path(folder)
        with _centre(path / "centre") as centre:
            idle = _idle_bytes(path, centre, board)
            peak = _smallest(partial(_fits, path, centre))
    whole = _whole_bytes()
    return {
        "heap_idle_free_bytes": figure(whole - idle, "bytes", 16 * 1024),
        "heap_idle_bytes": figure(idle, "bytes", whole),
        "heap_peak_bytes": figure(peak, "bytes", TARGET_KB * 1024),
        "app_mpy_bytes": figure(app_image.build(board).mpy_bytes, "bytes"),
    }


def _whole_bytes() -> int:
    """What MicroPython can give away of a heap of 96 KB: its own tables lie in it too."""
    command = [str(toolchain.micropython(32)), "-X", f"heapsize={TARGET_KB}K", "-c"]
    said = subprocess.run(
        [*command, "import gc; print(gc.mem_free() + gc.mem_alloc())"], capture_output=True, text=True, check=True
    )
    return int(said.stdout)


@contextmanager
def _centre(data: Path) -> Iterator[CentreProcess]:
    centre = CentreProcess(data)
    database = centre.database()
    demo.seed(database)
    database.dispose()
    try:
        centre.start()
        yield centre
    finally:
        centre.stop()


class _Terminals:
    """Numbers them: boards that run at once must not be the same terminal."""

    lock = threading.Lock()
    count = 0


def _terminal(folder: Path, centre: CentreProcess, heap_kb: int, flash: bytes | None = None) -> BenchBoard:
    with _Terminals.lock:
        _Terminals.count += 1
        number = _Terminals.count
    name = f"HEAP-{number}"
    database = centre.database()
    with database.write() as connection:
        key = registry.add(connection, name, demo.MERCHANT, "bench")
    database.dispose()
    return on_bench(folder / name, name, key, centre.mqtt_port, centre.http_port, heap=f"{heap_kb}K", mac=number, flash=flash)


def _idle_bytes(folder: Path, centre: CentreProcess, board: Board) -> int:
    """What is in use when the terminal has done its first work and waits."""
    with _terminal(folder, centre, _WIDE[-1], _with_probe(board)) as bench:
        cashier = Cashier(bench)
        cashier.switch_on()
        cashier.wait_list()
        cashier.check(_VIP)
        cashier.redeem()
        cashier.leave(online=True)
        cashier.wait_received()
        before = len(_samples(bench))
        while len(_samples(bench)) < before + _SAMPLES:
            threading.Event().wait(0.2)
        return min(_samples(bench)[before:])


def _samples(bench: BenchBoard) -> list[int]:
    return [int(found) for found in re.findall(r"^heap (\d+)$", bench.log.read_text(errors="replace"), re.MULTILINE)]


def _with_probe(board: Board) -> bytes:
    """The terminal's image with the probe in front of its main.py."""
    whole = bytearray(image(board))
    part = board.partition("vfs")
    system = littlefs.LittleFS(block_size=4096, block_count=part.size // 4096, mount=False)
    system.context.buffer = whole[part.offset : part.offset + part.size]
    system.mount()
    with system.open("main.py", "r") as file:
        start = file.read()
    with system.open("main.py", "w") as file:
        file.write(_PROBE + start)
    whole[part.offset : part.offset + part.size] = system.context.buffer
    return bytes(whole)


def _smallest(fits: Callable[[int], bool]) -> int:
    """The smallest heap that will do, in bytes; `CheYouError` when even the largest will not."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        wide = next((size for size, good in zip(_WIDE, pool.map(fits, _WIDE), strict=True) if good), None)
        if wide is None:
            raise CheYouError(f"the terminal does not even work in {_WIDE[-1]} KB of heap", "run the end-to-end tests to see why")
        below = range(wide - _WIDE.step + _FINE_KB, wide, _FINE_KB)
        fine = next((size for size, good in zip(below, pool.map(fits, below), strict=True) if good), wide)
    return fine * 1024


def _fits(folder: Path, centre: CentreProcess, heap_kb: int) -> bool:
    """Whether the terminal does its work in that heap, without a word of complaint."""
    with ExitStack() as stack:
        bench = stack.enter_context(_terminal(folder, centre, heap_kb))
        try:
            _work(bench)
        except (TimeoutError, _OutOfMemory):
            return False
        return not _complains(bench)


class _OutOfMemory(Exception):
    pass


def _complains(bench: BenchBoard) -> bool:
    return "Traceback" in bench.log.read_text(errors="replace")


def _work(bench: BenchBoard) -> None:
    """All that a terminal does, once: list, checks of every kind, redemptions, the menu, an outage and what follows it."""

    def well() -> None:
        if _complains(bench):
            raise _OutOfMemory

    cashier = Cashier(bench)
    cashier.switch_on()
    well()
    cashier.wait_list(10)
    for number, keys in ((_VIP, "#"), (_BLOCKED, "#"), (_TRIAL, "2")):
        cashier.check(number, keys)
        well()
        cashier.leave()
    cashier.check(_VIP)
    cashier.redeem()
    cashier.leave()
    for page in range(4):
        cashier.page(page)
    bench.network(False)
    cashier.wait_idle(online=False)
    well()
    for number in (_TRIAL, demo.NOT_A_MEMBER):
        cashier.check(number)
        well()
        cashier.leave()
    cashier.check(_TRIAL)
    cashier.redeem()
    cashier.leave()
    bench.network(True)
    cashier.wait_idle(online=True)
    cashier.wait_received()
