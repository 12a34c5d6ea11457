"""Reads member-list files back, whole: what the centre published is what the next delta starts from.

Slow on a terminal and of no use there; here all buckets are decoded side by side.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol import list_header
from protocol.list_header import BASE, DELTA, ListDamaged
from protocol.list_section import SLOT_BITS, STATE_LOW

Integers = NDArray[np.int64]


class ListBytes:
    """A file in memory as a partition to read: what lies behind its end is blank flash."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def readblocks(self, block: int, buf: Any, offset: int = 0) -> None:
        at = block * list_header.BLOCK + offset
        piece = self._data[at : at + len(buf)]
        buf[: len(piece)] = piece
        buf[len(piece) :] = b"\xff" * (len(buf) - len(piece))


@dataclass(frozen=True)
class _Runs:
    """One run of every bucket: `values` and `symbols` one behind another, bucket i's from `edges[i]` on."""

    values: Integers
    symbols: Integers
    edges: Integers


@dataclass(frozen=True)
class BaseContents:
    """Every number of a base by its place (ascending), with its meaning: tier code << 32 | ends."""

    header: Any
    places: Integers
    meanings: Integers
    edges: Integers

    @property
    def ranks(self) -> int:
        """Numbers in the fullest bucket."""
        return int(np.diff(self.edges).max(initial=1))


@dataclass(frozen=True)
class DeltaContents:
    """What a delta says: new meanings of base members by their index in the base's `places`, and of others by place."""

    header: Any
    base_indices: Integers
    base_meanings: Integers
    places: Integers
    place_meanings: Integers


def read_header(data: bytes, list_key: bytes) -> Any:
    """The `protocol.list_header.ListHeader` of a file whose length and digest fit it; `ListDamaged`, `WrongListKey` otherwise."""
    header = list_header.read(ListBytes(data), 0, list_key)
    if len(data) != header.total_bytes or sha256(data[header.header_bytes :]).digest() != header.digest:
        raise ListDamaged("digest does not match")
    return header


def read_base(data: bytes, list_key: bytes) -> BaseContents:
    """All of a base file; `ListDamaged` or `WrongListKey` when it is not genuine to the last byte."""
    header = read_header(data, list_key)
    if header.kind != BASE:
        raise ListDamaged("a delta where a base belongs")
    bodies, starts = _bodies(data, header)
    runs = _decode(bodies, starts[:-1], starts[1:] - 4, header.value_bits, _shares(header, 5))
    places = runs.values + np.repeat(np.arange(header.buckets) * header.width, np.diff(runs.edges))
    return BaseContents(header, places, _meanings(header)[runs.symbols], runs.edges)


def read_delta(data: bytes, list_key: bytes, base: BaseContents) -> DeltaContents:
    """All of a delta file to `base`; raises as `read_base`, and when it belongs to another base."""
    header = read_header(data, list_key)
    if header.kind != DELTA or header.base_digest != base.header.digest:
        raise ListDamaged("not a delta of this base")
    bodies, starts = _bodies(data, header)
    splits = starts[:-1] + 2 + bodies[starts[:-1]] + (bodies[starts[:-1] + 1].astype(np.int64) << 8)
    ranks = _decode(bodies, starts[:-1] + 2, splits, header.rank_bits, _shares(header, 7))
    values = _decode(bodies, splits, starts[1:] - 4, header.value_bits, _shares(header, 5))
    meanings = _meanings(header)
    groups = np.arange(header.buckets) * header.group
    bucket, rank = np.divmod(ranks.values, header.ranks)
    bucket += np.repeat(groups, np.diff(ranks.edges))
    places = values.values + np.repeat(groups * header.width, np.diff(values.edges))
    return DeltaContents(header, base.edges[bucket] + rank, meanings[ranks.symbols], places, meanings[values.symbols])


def class_rows(header: Any) -> list[tuple[int, int]]:
    """(tier code, Unix time a trial ends or 0) of every row of a header's class table."""
    return [row[:2] for row in struct.iter_unpack(list_header.ROW, header.rows)]


def meaning(tier: int, ends: int) -> int:
    """A class row as one number."""
    return tier << 32 | ends


def overlaid(base: BaseContents, deltas: Sequence[DeltaContents]) -> tuple[Integers, Integers, Integers]:
    """What base and chain say together, oldest delta first: (meaning of each base member, places of others, their meanings).

    Numbers taken off the list have the tier code `list_header.GONE`. `ListDamaged` when the deltas are not a chain.
    """
    version = base.header.version
    meanings = base.meanings.copy()
    others: dict[int, int] = {}
    for delta in deltas:
        if delta.header.parent != version:
            raise ListDamaged(f"delta {delta.header.version} does not follow version {version}")
        version = delta.header.version
        meanings[delta.base_indices] = delta.base_meanings
        others.update(zip(delta.places.tolist(), delta.place_meanings.tolist(), strict=True))
    places = np.array(sorted(others), np.int64)
    return meanings, places, np.array([others[place] for place in places.tolist()], np.int64)


def _meanings(header: Any) -> Integers:
    return np.array([meaning(tier, ends) for tier, ends in class_rows(header)], np.int64)


def _shares(header: Any, column: int) -> Integers:
    rows = np.frombuffer(header.rows, np.uint8).astype(np.int64).reshape(-1, list_header.ROW_BYTES)
    return rows[:, column] | rows[:, column + 1] << 8


def _bodies(data: bytes, header: Any) -> tuple[NDArray[np.uint8], Integers]:
    """The buckets' bytes and where each begins (buckets + 1), every checksum proved."""
    index_at = header.header_bytes
    data_at = index_at + 2 * (header.buckets + 1)
    strays = np.frombuffer(data, "<i2", header.buckets + 1, index_at).astype(np.int64)
    size = header.total_bytes - data_at
    starts = size * np.arange(header.buckets + 1) // header.buckets + strays
    view = memoryview(data)[data_at:]
    for bucket, (start, end) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
        check = crc32(view[start : end - 4], crc32(bucket.to_bytes(4, "little"), header.seed))
        if check != int.from_bytes(view[end - 4 : end], "little"):
            raise ListDamaged(f"bucket {bucket}")
    return np.frombuffer(view, np.uint8), starts


def _decode(data: NDArray[np.uint8], starts: Integers, ends: Integers, bits: int, shares: Integers) -> _Runs:
    """Every bucket's run between its `starts` and `ends`, all decoded member by member side by side."""
    codes = ends - data[starts]
    lanes, values = _rice_values(data, starts + 1, codes, bits)
    order = np.argsort(lanes, kind="stable")
    edges = np.concatenate(([0], np.cumsum(np.bincount(lanes, minlength=len(starts)))))
    symbols = _class_symbols(data, codes, ends, np.diff(edges), shares)
    return _Runs(values[order], symbols, edges)


def _rice_values(data: NDArray[np.uint8], starts: Integers, ends: Integers, bits: int) -> tuple[Integers, Integers]:
    """(run, value) of every code, all runs' first values first, then all second ones …"""
    bit = np.unpackbits(data)
    ones = np.flatnonzero(bit)
    next_one = np.full(len(bit) + 1, len(bit) + 64, np.int32)
    next_one[ones] = ones
    next_one = np.minimum.accumulate(next_one[::-1])[::-1]
    padded = np.concatenate((data, np.zeros(8, np.uint8))).astype(np.int64)
    lane = np.arange(len(starts))
    at, end = 8 * starts, 8 * ends
    value = np.full(len(starts), -1, np.int64)
    all_lanes, all_values = [], []
    while len(lane):
        one = next_one[at].astype(np.int64)
        alive = one < end
        lane, at, end, value, one = lane[alive], at[alive], end[alive], value[alive], one[alive]
        low_at = one + 1
        byte, skip = low_at >> 3, low_at & 7
        word = padded[byte] << 24 | padded[byte + 1] << 16 | padded[byte + 2] << 8 | padded[byte + 3]
        low = (word >> (32 - bits - skip)) & ((1 << bits) - 1)
        value = value + 1 + ((one - at) << bits) + low
        at = low_at + bits
        all_lanes.append(lane)
        all_values.append(value)
    return np.concatenate(all_lanes), np.concatenate(all_values)


def _class_symbols(data: NDArray[np.uint8], starts: Integers, ends: Integers, counts: Integers, shares: Integers) -> Integers:
    """The class of every member, runs one behind another, each run in its order."""
    offsets = np.concatenate(([0], np.cumsum(counts)))
    symbols = np.zeros(offsets[-1], np.int64)
    bounds = np.cumsum(shares)
    below = bounds - shares
    state = np.zeros(len(starts), np.int64)
    at = starts.copy()
    order = np.argsort(-counts, kind="stable")
    for rank in range(int(counts.max(initial=0))):
        lanes = order[: np.searchsorted(-counts[order], -rank, side="left")]
        while True:
            low = lanes[(state[lanes] < STATE_LOW) & (at[lanes] < ends[lanes])]
            if not len(low):
                break
            state[low] = state[low] << 8 | data[at[low]]
            at[low] += 1
        slot = state[lanes] & ((1 << SLOT_BITS) - 1)
        symbol = np.searchsorted(bounds, slot, side="right")
        symbols[offsets[lanes] + rank] = symbol
        state[lanes] = shares[symbol] * (state[lanes] >> SLOT_BITS) + slot - below[symbol]
    return symbols
