"""What a look-up costs on the terminal: on 32-bit MicroPython, and from there on an ESP32."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from host_tools import toolchain
from host_tools.bench import callgrind
from host_tools.bench.list_contenders import Contender, Numbers
from host_tools.errors import CheYouError

_SCRIPT = Path(__file__).parent / "device" / "list_lookups.py"
_PATH = f"{toolchain.ROOT}:.frozen"
_UPDATE_HEAP = "heapsize=24M"  # the whole file and its flash are in memory
_HEAP = "heapsize=1M"  # with the collector off, everything a look-up allocates stays until it is counted

# Measured on an emulated plain ESP32 at 160 MHz with stock MicroPython 1.26.1 (PLATFORM.md).
_ESP32_LOOP_S = 1.1  # 1,000,000 empty loop turns
_ESP32_FIB_S = 0.13  # recursive fib(20)
_ESP32_AES_S = 0.00024  # one AES-128 block through cryptolib
# An assumption: a SPI flash at 40 MHz delivers 600 bytes in 70 µs, the call into the driver takes the rest.
_ESP32_READ_S = 0.0002
AES_BLOCKS = 14.3  # ten a FF1 call, 1.43 calls a look-up on average


@dataclass(frozen=True)
class Cost:
    """Of one look-up. `reads`, `heap` are those of the dearest, the others means; `instructions` is None without callgrind."""

    reads: int
    mean_reads: float
    heap: int
    mean_heap: float
    host_us: float
    instructions: int | None


def cost(contender: Contender, asked: Numbers, folder: Path) -> Cost:
    """Look up `asked`, every other one a member; some of them under callgrind."""
    # A file a member takes thousands of reads: fewer look-ups say as much.
    count, counted = (200, 20) if contender.kind == "files" else (len(asked), 200)
    image, numbers = folder / f"{contender.kind}.bin", folder / "numbers.bin"
    image.write_bytes(contender.image)
    numbers.write_bytes(asked.astype("<u8").tobytes())
    arguments = [contender.kind, str(image), str(numbers), str(count), *map(str, contender.parameters)]
    done = subprocess.run(
        [toolchain.micropython(32), "-X", _HEAP, _SCRIPT, "measure", *arguments],
        env={**os.environ, "MICROPYPATH": _PATH}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CheYouError(f"list_lookups.py stopped: {done.stderr or done.stdout}", "mend it and run make bench-list again")
    found, reads, heap, all_reads, all_heap, spent = map(int, done.stdout.split())
    if not count // 2 <= found <= count // 2 + (2 if contender.kind == "fuse" else 0):
        raise CheYouError(f"{contender.title}: {found} found instead of {count // 2}", "the list or its reader is wrong")
    return Cost(reads, all_reads / count, heap, all_heap / count, spent / count, _counted(arguments, counted))


def _counted(arguments: list[str], count: int) -> int | None:
    start, end = arguments[:3], arguments[4:]
    try:
        runs = [callgrind.instructions(_SCRIPT, ["plain", *start, n, *end], _PATH, ["-X", _HEAP]) for n in (0, count)]
    except CheYouError as error:
        toolchain.notice(f"instructions not counted: {error.message}")
        return None
    return (runs[1] - runs[0]) // count


@cache
def seconds_per_instruction() -> float:
    """What an instruction of the 32-bit interpreter stands for on an ESP32: the slower of two yardsticks with a known time."""
    start = callgrind.instructions(_SCRIPT, ["loop", 0], _PATH)
    loop = callgrind.instructions(_SCRIPT, ["loop", 1_000_000], _PATH) - start
    fib = callgrind.instructions(_SCRIPT, ["fib", 20], _PATH) - callgrind.instructions(_SCRIPT, ["fib", 0], _PATH)
    return max(_ESP32_LOOP_S / loop, _ESP32_FIB_S / fib)


@cache
def instructions_per_aes_block() -> float:
    """Of AES in software, which the ESP32's own figure replaces."""
    runs = [callgrind.instructions(_SCRIPT, ["aes", n], _PATH) for n in (0, 2000)]
    return (runs[1] - runs[0]) / 2000


def esp32_ms(lookup: Cost) -> float:
    """Milliseconds of one of our look-ups on an ESP32, by the calibration above. No garbage collection is in it."""
    if lookup.instructions is None:
        raise CheYouError("no instructions were counted", "run make bench-list on a Debian amd64 host")
    instructions = lookup.instructions - AES_BLOCKS * instructions_per_aes_block()
    seconds = instructions * seconds_per_instruction() + AES_BLOCKS * _ESP32_AES_S + lookup.mean_reads * _ESP32_READ_S
    return 1000 * seconds


@dataclass(frozen=True)
class Update:
    """Taking a base in, on an ESP32: the longest step beside its flash operation, and all steps; without time on the air."""

    longest_ms: float
    computing_s: float


def update(large: bytes, small: bytes, folder: Path) -> Update:
    """Counted as the look-ups are. The longest step is looked for in a `small` base: it does not grow with the list."""
    path = folder / "base.bin"
    path.write_bytes(small)
    done = subprocess.run(
        [toolchain.micropython(32), "-X", _UPDATE_HEAP, _SCRIPT, "longest", path],
        env={**os.environ, "MICROPYPATH": _PATH}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    _, *candidates = map(int, done.stdout.split())
    longest = max(_update_instructions(path, step + 1) - _update_instructions(path, step) for step in candidates)
    path.write_bytes(large)
    everything = _update_instructions(path, 1 << 29) - _update_instructions(path, 0)
    return Update(1000 * seconds_per_instruction() * longest, seconds_per_instruction() * everything)


def _update_instructions(path: Path, steps: int) -> int:
    return callgrind.instructions(_SCRIPT, ["update", path, steps], _PATH, ["-X", _UPDATE_HEAP])


def asked_of(members: Numbers, strangers: Numbers, each: int) -> Numbers:
    """`each` members and as many strangers, mixed."""
    mixed = np.empty(2 * each, np.uint64)
    mixed[::2], mixed[1::2] = members[:each], strangers[:each]
    return mixed
