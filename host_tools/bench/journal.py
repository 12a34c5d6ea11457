"""The journal with 10,000 records waiting beside an empty one, and beside littlefs.

Flash operations are counted while the device code runs on 32-bit MicroPython; a device's time is then their data sheet time
plus the code's, measured and scaled. What is measured, what is taken from where:

* sector erase 45 ms, page program 0.7 ms: W25Q32 data sheet, typical (the simulator's figures too);
* a read 30 µs and 0.1 µs a byte: estimate for `esp_partition_read` at 40 MHz dual I/O;
* the code: the shortest of several runs here, times (1.1 s / a million empty loop turns here): 1.1 s is what an ESP32 at 160 MHz
  takes for them (docs of the platform; emulated board).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from host_tools import boards, toolchain
from host_tools.bench_file import Figures, figure
from host_tools.errors import CheYouError
from protocol.record import SLOT_BYTES

BOARD = "esp32-devkit-4mb"
RECORDS = 10_000
_ERASE_MS, _PROGRAM_MS, _READ_MS, _BYTE_MS = 45.0, 0.7, 0.030, 0.0001
_ESP32_LOOP_US = 1_100_000
_SCRIPT = Path(__file__).parent / "device" / "journal_times.py"

Measured = list[int]  # microseconds, erases, programs, reads, bytes read


def run() -> Figures:
    """The figures of DESIGN.md's journal row, and what they are made of."""
    sectors = next(p.size for p in boards.load(BOARD).partitions if p.label == "journal") // 4096
    told = _on_micropython(sectors)
    slower = _ESP32_LOOP_US / told["loop_us"]
    empty, waiting = told["empty"], told["waiting"]

    def mean(state: dict[str, Any]) -> float:
        return sum(_ms(one, slower) for one in state["append"]) / len(state["append"])

    def worst(state: dict[str, Any]) -> float:
        return max(_ms(one, slower) for one in state["append"] + state["append_busy"])

    capacity, promised = told["capacity"]
    if capacity < promised:
        raise CheYouError(f"the journal took {capacity} records and promises {promised}", "mend Journal.capacity")
    ours = _per_append(empty["append"] + waiting["append"])
    theirs = _per_append(told["littlefs"])
    return {
        "journal_capacity_4mb": figure(promised, "records"),
        "journal_record_bytes": figure(SLOT_BYTES, "B"),
        "journal_append_ratio_10k": figure(round(mean(waiting) / mean(empty), 3), "× empty", 1),
        "journal_append_ms": figure(round(mean(waiting), 2), "ms", round(mean(empty), 2)),
        "journal_append_worst_ms": figure(round(worst(waiting), 1), "ms", round(worst(empty), 1)),
        "journal_append_flash_ms": figure(round(ours, 2), "ms (littlefs)", round(theirs, 2)),
        "journal_boot_ratio_10k": figure(round(_ms(waiting["mount"], slower) / _ms(empty["mount"], slower), 3), "× empty", 1),
        "journal_boot_ms": figure(round(_ms(waiting["mount"], slower), 1), "ms", round(_ms(empty["mount"], slower), 1)),
        "journal_find_10k_ms": figure(round(_ms(waiting["find"], slower), 1), "ms"),
    }


def _ms(one: Measured, slower: float) -> float:
    return one[0] * slower / 1000 + _flash_ms(one)


def _flash_ms(one: Measured) -> float:
    return one[1] * _ERASE_MS + one[2] * _PROGRAM_MS + one[3] * _READ_MS + one[4] * _BYTE_MS


def _per_append(taken: list[Measured]) -> float:
    return sum(map(_flash_ms, taken)) / len(taken)


def _on_micropython(sectors: int) -> dict[str, Any]:
    done = subprocess.run(
        [toolchain.micropython(32), "-X", "heapsize=8M", _SCRIPT, str(sectors), str(RECORDS)],
        env={**os.environ, "MICROPYPATH": f"{toolchain.ROOT}:.frozen"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CheYouError(f"the journal's bench stopped: {(done.stdout + done.stderr)[-300:]}", "run it by hand to see why")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
