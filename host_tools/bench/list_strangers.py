"""Ten million strangers, and every member, against a whole list; bucket by bucket, or it would take hours."""

from __future__ import annotations

from typing import Any

import numpy as np

from central.list_contents import ListBytes
from central.list_permutation import Permutation
from host_tools.bench.list_contenders import KEY, Classes, Contender, Numbers
from host_tools.errors import CheYouError
from protocol import list_header
from protocol.list_header import permutation_key
from protocol.list_section import BUFFER_BYTES, Section


def accepted(data: bytes, strangers: Numbers, members: Numbers, classes: Classes) -> int:
    """How many of `strangers` the list takes for members, bucket by bucket through the terminal's own reading of each.

    Every member is looked for in the same pass; `CheYouError` when one is missing or has another class.
    """
    flash = ListBytes(data)
    header = list_header.read(flash, 0, KEY)
    buffer = bytearray(BUFFER_BYTES)
    section = Section(flash, 0, header, buffer)
    permutation = Permutation(permutation_key(KEY, header.list_id, header.month), header.size)

    def places_of(numbers: Numbers) -> np.ndarray:
        return permutation.place(numbers - np.uint64(header.first)).astype(np.int64)

    held: list[int] = []
    symbols: list[int] = []
    for bucket in range(header.buckets):
        found = _all_of(buffer, section.load(bucket), header)
        held += [bucket * header.width + place for place, _ in found]
        symbols += [symbol for _, symbol in found]
    order = np.argsort(places_of(members))
    if not np.array_equal(np.array(held), places_of(members)[order]) or not np.array_equal(np.array(symbols), classes[order]):
        raise CheYouError("a member is missing or has another class", "the builder or the format's description is wrong")
    return int(np.isin(places_of(strangers), np.array(held)).sum())


def _all_of(buffer: bytearray, end: int, header: Any) -> list[tuple[int, int]]:
    """(place, class) of everything in a bucket, read as docs/list-format.md says and not as builder or terminal do."""
    codes = end - buffer[4]
    bits = "".join(f"{byte:08b}" for byte in buffer[5:codes])
    k = header.value_bits
    rows = header.rows
    shares = [rows[at + 5] | rows[at + 6] << 8 for at in range(0, len(rows), list_header.ROW_BYTES)]
    state, at, place, position = 0, codes, -1, 0
    found = []
    while (one := bits.find("1", position)) >= 0:
        place += 1 + ((one - position) << k) + int(bits[one + 1 : one + 1 + k], 2)
        position = one + 1 + k
        while state < 1 << 20 and at < end:
            state, at = state << 8 | buffer[at], at + 1
        slot, symbol, below = state & 4095, 0, 0
        while below + shares[symbol] <= slot:
            below += shares[symbol]
            symbol += 1
        state = shares[symbol] * (state >> 12) + slot - below
        found.append((place, symbol))
    return found


def fuse_false_accepts(filter_: Contender, strangers: Numbers) -> int:
    """The same strangers through the fuse filter."""
    seed, segment, count_length = (np.uint64(parameter) for parameter in filter_.parameters)
    prints = np.frombuffer(filter_.image, "<u2")
    total = 0
    for start in range(0, len(strangers), 1 << 20):
        h = strangers[start : start + (1 << 20)] + seed
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            h ^= h >> np.uint64(33)
            h *= np.uint64(factor)
        h ^= h >> np.uint64(33)
        # The upper half of a 128-bit product: the factor has at most 32 bits.
        low, high = h & np.uint64(0xFFFFFFFF), h >> np.uint64(32)
        first = (high * count_length + (low * count_length >> np.uint64(32))) >> np.uint64(32)
        second = first + segment ^ h >> np.uint64(18) & (segment - np.uint64(1))
        third = first + segment + segment ^ h & (segment - np.uint64(1))
        said = (h ^ h >> np.uint64(32)).astype(np.uint16)
        total += int((said == prints[first] ^ prints[second] ^ prints[third]).sum())
    return total
