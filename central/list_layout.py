"""Lays out a member-list file: header, bucket index, buckets. docs/list-format.md has it byte by byte."""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from central.errors import CentreError
from central.list_coding import best_bits, code_classes, frequencies, gaps_of, rice
from protocol import list_header
from protocol.list_section import BUCKET_BYTES

Integers = NDArray[np.int64]

MOBILE_NUMBERS = (13_000_000_000, 7_000_000_000)
LEAST_UNIVERSE = 100_000  # FF1 permutes 10^6 numbers at least; walking into fewer takes the terminal more than ten calls
MOST_CLASSES = 255
MOST_PREFIX_BYTES = 1024
MOST_PLACES = 1 << 29  # places a bucket: they stay small integers on the device
_TIERS = range(list_header.GONE)


@dataclass(frozen=True)
class ListFacts:
    """What a list says about itself.

    `classes` are rows (tier code 0..254, Unix time a trial ends or 0 for the month's end); put the most frequent first, it is
    found quickest. `prefixes` are the number prefixes the list covers; none means every number of the `universe` (first
    number, how many). `precision` drops so many low bits of every permuted number: 0 is exact.
    """

    list_id: int
    month: int
    version: int
    created: int
    classes: tuple[tuple[int, int], ...]
    prefixes: tuple[str, ...] = ()
    universe: tuple[int, int] = MOBILE_NUMBERS
    precision: int = 0

    def __post_init__(self) -> None:
        first, size = self.universe
        if not LEAST_UNIVERSE <= size <= 10**12 or len(str(first)) != len(str(first + size - 1)):
            raise CentreError("the list's universe makes no sense", "name a range of 100,000 or more numbers of equal length")
        if not 0 <= self.precision <= 32 or not size >> self.precision:
            raise CentreError("the list's precision makes no sense", "drop 0 to 32 bits")
        if len(self.classes) > MOST_CLASSES or any(tier not in _TIERS for tier, _ in self.classes):
            raise CentreError(f"a list takes {MOST_CLASSES} classes of tier codes 0..254", "let trials end at fewer moments")
        if len(",".join(self.prefixes)) > MOST_PREFIX_BYTES or not all(p.isdecimal() and p.isascii() for p in self.prefixes):
            raise CentreError(f"prefixes take digits only, and {MOST_PREFIX_BYTES} of them in all", "name shorter prefixes")

    @property
    def places(self) -> int:
        """How many different places a permuted number can take."""
        return ((self.universe[1] - 1) >> self.precision) + 1


@dataclass(frozen=True)
class Run:
    """Ascending `places` with their `symbols`, spread over buckets: bucket i has those from `edges[i]` to `edges[i + 1]`."""

    places: Integers
    symbols: NDArray[np.uint8]
    edges: Integers
    classes: int
    bits: int = field(init=False)
    shares: list[int] = field(init=False)
    codes: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        gaps = gaps_of(self.places, self.edges)
        shares = frequencies(self.symbols, self.classes)
        bits = best_bits(gaps)
        packed, starts = rice(gaps, self.edges, bits)
        symbols = code_classes(self.symbols, self.edges, shares)
        data = packed.tobytes()
        codes = [
            bytes((len(s),)) + data[starts[i] : starts[i + 1]] + s if len(s) < 256 else b""  # too long: see `fits`
            for i, s in enumerate(symbols)
        ]
        for name, value in (("bits", bits), ("shares", shares), ("codes", codes)):
            object.__setattr__(self, name, value)

    @property
    def fits(self) -> bool:
        """Whether every bucket's classes fit the one byte that counts theirs."""
        return all(self.codes)


@dataclass(frozen=True)
class Shape:
    """The header fields in which base and delta differ."""

    kind: int
    parent: int
    count: int
    width: int
    group: int = 1
    ranks: int = 0
    base_digest: bytes = bytes(list_header.HASH_BYTES)


class DoesNotFit(Exception):
    """A bucket came out too large for the format: take more of them."""


def fitting(make: Callable[[int], bytes], buckets: int) -> bytes:
    """The file `make(buckets)` builds, with as many more buckets as it takes until each fits."""
    while True:
        try:
            return make(buckets)
        except DoesNotFit:
            buckets += buckets // 4 + 1


def assemble(
    facts: ListFacts, list_key: bytes, shape: Shape, values: Run, ranks: Run | None, rows: tuple[tuple[int, int], ...]
) -> bytes:
    """The whole file; `DoesNotFit` when a bucket is larger than `BUCKET_BYTES` or strays too far from its expected place."""
    if not values.fits or (ranks and not ranks.fits):
        raise DoesNotFit
    bodies = values.codes
    if ranks:
        bodies = [struct.pack("<H", len(r)) + r + v for r, v in zip(ranks.codes, bodies, strict=True)]
    starts = np.concatenate(([0], np.cumsum([len(body) + 4 for body in bodies])))
    data_bytes = int(starts[-1])
    buckets = len(bodies)
    strays = starts - data_bytes * np.arange(buckets + 1) // buckets
    largest = int(np.diff(starts).max())
    if largest > BUCKET_BYTES or int(np.abs(strays).max()) > 0x7FFF:
        raise DoesNotFit
    table = b"".join(
        struct.pack(list_header.ROW, tier, ends, values.shares[i], ranks.shares[i] if ranks else 0)
        for i, (tier, ends) in enumerate(rows)
    )
    prefixes = ",".join(facts.prefixes).encode()
    header_bytes = list_header.LEAST_BYTES + len(table) + len(prefixes)
    fixed = struct.pack(
        list_header.LAYOUT, list_header.MAGIC, list_header.FORMAT, shape.kind, header_bytes, facts.list_id, facts.month,
        facts.version, shape.parent, facts.created, shape.count, list_header.key_id(list_key),
        header_bytes + 2 * len(strays) + data_bytes, *facts.universe, shape.width, buckets, shape.group, shape.ranks,
        facts.precision, values.bits, ranks.bits if ranks else 0, len(rows), len(prefixes), largest,
    )  # fmt: skip
    seed = crc32(fixed)
    parts = [strays.astype("<i2").tobytes()]
    for bucket, body in enumerate(bodies):
        parts += (body, crc32(body, crc32(bucket.to_bytes(4, "little"), seed)).to_bytes(4, "little"))
    content = b"".join(parts)
    header = fixed + sha256(content).digest() + shape.base_digest + table + prefixes
    return header + list_header.header_mac(list_key, header) + content
