"""Keys lost while a list is taken in and records are written, on the simulated board in virtual time.

Virtual time, because a busy machine misses presses that no board would. Fingers press for 60 ms with pauses of all lengths, so
that erases of 45 ms begin before, in and after a press; then they mash at 50 keys a second, 10 ms down and 10 ms up, never the
same key twice running: a contact that opens for less than 18 ms bounces (`drivers/contacts.py`).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import littlefs
import numpy as np

from central.list_builder import build_list
from central.list_layout import ListFacts
from host_tools import app_image, boards
from host_tools.app_image import BLOCK
from host_tools.bench_file import Figures, figure
from host_tools.build import build_image
from host_tools.errors import CheYouError
from simulator.board import BenchBoard

BOARD = "esp32-devkit-4mb"
MEMBERS = 60_000
_PROGRAM = Path(__file__).parent / "device" / "keys_beside.py"
_HEAP = "400K"  # program and firmware in one
_KEYS = "0123456789*#ABCD"
_PRESSES = 600


def run() -> Figures:
    """`keys_lost` at both paces, and what was written meanwhile."""
    slow, fast = _played(_at_sixty_ms), _played(_at_fifty_a_second)
    return {
        "keys_lost": figure(slow["lost"] + fast["lost"], f"of {2 * _PRESSES} keys", 0),
        "keys_lost_60ms": figure(slow["lost"], f"of {_PRESSES} presses of 60 ms"),
        "keys_lost_50_a_second": figure(fast["lost"], f"of {_PRESSES} keys at 50 a second"),
        "keys_beside_records": figure(slow["records"] + fast["records"], "records written meanwhile"),
        "keys_beside_list_bytes": figure(slow["list_bytes"] + fast["list_bytes"], "bytes of a list written meanwhile"),
    }


def _at_sixty_ms(bench: BenchBoard) -> None:
    chance = random.Random(7)  # noqa: S311 - a sample, the same each time
    for _ in range(_PRESSES):
        # Every fourth pause is long enough for an erase to begin, and ends anywhere in it.
        pause = chance.uniform(300, 420) if chance.random() < 0.25 else chance.uniform(20, 200)
        bench.keys(chance.choice(_KEYS), 60, pause)


def _at_fifty_a_second(bench: BenchBoard) -> None:
    chance = random.Random(8)  # noqa: S311
    text = ""
    while len(text) < _PRESSES:
        text += chance.choice(_KEYS.replace(text[-1:], "") if text else _KEYS)
    bench.keys(text, 10, 10)


def _played(press: Callable[[BenchBoard], None]) -> dict[str, int]:
    board = boards.load(BOARD)
    with (
        TemporaryDirectory(prefix="cheyou-bench-") as folder,
        BenchBoard(_image(), board, Path(folder), heap=_HEAP, virtual=True) as bench,
    ):
        bench.power_on()
        bench.run(2)
        press(bench)
        bench.run(10, lambda: "[" in bench.log.read_text(errors="replace"))
        said = bench.log.read_text(errors="replace").splitlines()
    told = [line for line in said if line.startswith("[")]
    if not told:
        raise CheYouError(f"the keys' bench stopped: {said[-1:]}", "run it by hand to see why")
    heard, overflowed, records, list_bytes = json.loads(told[0])
    return {"lost": _PRESSES - heard + overflowed, "records": records, "list_bytes": list_bytes}


def _image() -> bytes:
    """The board's image with the program in the terminal's place, and a list for it to take in."""
    board = boards.load(BOARD)
    numbers = 13_000_000_000 + 41_003 * np.arange(1, MEMBERS + 1, dtype=np.uint64)
    classes = np.zeros(MEMBERS, np.uint8)
    content = build_list(numbers, classes, ListFacts(1, 202612, 1, 1796054400, ((1, 0),)), bytes(range(32)))
    offer = {
        "list": 1, "kind": "base", "month": 202612, "version": 1, "base": 0, "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "path": "",
    }  # fmt: skip
    image = build_image(board).data
    place = board.partition("vfs")
    system = littlefs.LittleFS(block_size=BLOCK, block_count=place.size // BLOCK, mount=False)
    system.context.buffer = bytearray(app_image.build(board, {"keys_beside": _PROGRAM.read_text(encoding="utf-8")}).data)
    system.mount()
    for name, data in (("list.bin", bytes(content)), ("offer.json", json.dumps(offer).encode())):
        with system.open(name, "wb") as file:
            file.write(data)
    return bytes(image[: place.offset]) + bytes(system.context.buffer) + bytes(image[place.end :])
