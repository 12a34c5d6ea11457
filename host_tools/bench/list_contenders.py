"""The member list and its rivals, built from the same members."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from littlefs import LittleFS
from numpy.typing import NDArray
from pyfusefilter._xorfilter import ffi, lib  # its own wrapper hashes every key in Python and breaks with xxhash 4

from central.list_builder import build_list
from central.list_layout import MOBILE_NUMBERS, ListFacts

Numbers = NDArray[np.uint64]
Classes = NDArray[np.uint8]

KEY = bytes(range(32))
SECTOR = 4096
ROWS = ((1, 0), (2, 0), (3, 0))
SHARES = (0.75, 0.2, 0.05)
MOST_FILES = 10_000  # littlefs walks a directory from its start for each new file: ten times as many take hours


@dataclass(frozen=True)
class Contender:
    """One list as it would lie in flash. `parameters` are what its reader on the terminal needs beside the image."""

    kind: str
    title: str
    image: bytes
    size: int
    build_s: float
    parameters: tuple[int, ...] = ()


def facts(version: int = 1) -> ListFacts:
    """What the measured lists say about themselves."""
    return ListFacts(1, 202612, version, 1_796_000_000, ROWS)


def people(count: int, seed: int) -> tuple[Numbers, Classes]:
    """So many different numbers of the universe in random order, each with a class in the usual shares."""
    generator = np.random.default_rng(seed)
    first, size = MOBILE_NUMBERS
    numbers = np.unique(generator.integers(first, first + size, count + count // 50 + 100).astype(np.uint64))
    generator.shuffle(numbers)
    return numbers[:count], generator.choice(len(SHARES), count, p=SHARES).astype(np.uint8)


def ours(numbers: Numbers, classes: Classes) -> Contender:
    """The exact keyed list; the best of three builds, because whatever else the host does only ever adds."""
    spent = []
    for _ in range(3):
        started = time.perf_counter()
        data = build_list(numbers, classes, facts(), KEY)
        spent.append(time.perf_counter() - started)
    return Contender("ours", "this list", data, len(data), min(spent))


def sorted_file(numbers: Numbers, classes: Classes) -> Contender:
    """Five bytes number, one byte class, ascending; not keyed."""
    started = time.perf_counter()
    order = np.argsort(numbers)
    records = np.empty((len(numbers), 6), np.uint8)
    records[:, :5] = numbers[order].astype("<u8").view(np.uint8).reshape(-1, 8)[:, :5]
    records[:, 5] = classes[order]
    data = records.tobytes()
    return Contender("sorted", "sorted numbers, bisection", data, len(data), time.perf_counter() - started, (len(numbers),))


def fuse_filter(numbers: Numbers, _classes: Classes) -> Contender:
    """16-bit binary fuse filter: accepts one stranger in 65,536 and knows no classes."""
    started = time.perf_counter()
    made = ffi.new("binary_fuse16_t *")
    keys = ffi.cast("uint64_t *", ffi.from_buffer(np.ascontiguousarray(numbers)))
    if not lib.binary_fuse16_allocate(len(numbers), made) or not lib.binary_fuse16_populate(keys, len(numbers), made):
        raise MemoryError("the fuse filter could not be built")
    data = bytes(ffi.buffer(made.Fingerprints, 2 * made.ArrayLength))
    parameters = int(made.Seed), int(made.SegmentLength), int(made.SegmentCountLength)
    lib.binary_fuse16_free(made)
    return Contender("fuse", "16-bit binary fuse filter", data, len(data), time.perf_counter() - started, parameters)


def files(numbers: Numbers, classes: Classes) -> Contender:
    """One file a member, as esp-rfid keeps them, in littlefs."""
    started = time.perf_counter()
    blocks = 64 + len(numbers) // 8
    system = LittleFS(block_size=SECTOR, block_count=blocks)
    for number, row in zip(numbers.tolist(), classes.tolist(), strict=True):
        with system.open(f"/{number}", "wb") as file:
            file.write(bytes((row,)))
    size = system.used_block_count * SECTOR
    image = bytes(system.context.buffer)
    return Contender("files", "one file a member, littlefs", image, size, time.perf_counter() - started, (blocks,))


def contenders(numbers: Numbers, classes: Classes) -> Sequence[Contender]:
    """All that can be built of so many members."""
    kinds = [ours, sorted_file, fuse_filter] + [files] * (len(numbers) <= MOST_FILES)
    return [make(numbers, classes) for make in kinds]
