"""The two codes of a member list, for all runs at once: Rice-coded numbers and range-ANS-coded classes.

Runs lie one behind another in flat arrays; ``edges`` (length runs + 1) says where each begins and the last ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protocol.list_section import SLOT_BITS, STATE_LOW

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

MOST_BITS = 21
_SLOTS = 1 << SLOT_BITS


def gaps_of(places: Integers, edges: Integers) -> Integers:
    """What Rice coding codes: each number's distance to the one before in its run, less one (the first: the number itself)."""
    gaps = np.diff(places, prepend=-1) - 1
    firsts = edges[:-1][edges[:-1] < edges[1:]]
    gaps[firsts] = places[firsts]
    return gaps


def best_bits(gaps: Integers) -> int:
    """The Rice parameter under which ``gaps`` take the fewest bits."""
    return min(range(MOST_BITS + 1), key=lambda bits: bits * len(gaps) + int((gaps >> bits).sum()))


def rice(gaps: Integers, edges: Integers, bits: int) -> tuple[Bytes, Integers]:
    """Each run's codes, filled up with zeros to a whole byte: all bytes, and where each run's begin (runs + 1)."""
    high = gaps >> bits
    ends = np.concatenate(([0], np.cumsum(high + 1 + bits)))
    run_bits = np.diff(ends[edges])
    starts = np.concatenate(([0], np.cumsum((run_bits + 7) // 8)))
    shift = np.repeat(8 * starts[:-1] - ends[edges[:-1]], np.diff(edges))
    at = ends[:-1] + shift + high  # where the one after the zeros goes
    lanes = (bits + 8) // 8 + 1
    words = ((1 << bits) | (gaps & ((1 << bits) - 1))) << (8 * lanes - 1 - bits - (at & 7))
    total = int(starts[-1])
    out = np.zeros(total + lanes)
    for lane in range(lanes):
        # No two codes share a bit, so adding is joining.
        part = (words >> 8 * (lanes - 1 - lane)) & 255
        out[: total + lanes] += np.bincount((at >> 3) + lane, weights=part, minlength=total + lanes)
    return out[:total].astype(np.uint8), starts


def frequencies(symbols: NDArray[np.integer], classes: int) -> list[int]:
    """How often each class comes, scaled to `_SLOTS` in all with at least one for each that comes; zeros when none does."""
    counts = np.bincount(symbols, minlength=classes)
    if not counts.any():
        return [0] * classes
    shares = np.maximum(counts * _SLOTS // counts.sum(), counts > 0)
    # What rounding left over or took too much goes where it costs least: to the most frequent.
    shares[np.argmax(shares)] += _SLOTS - shares.sum()
    return [int(share) for share in shares]


def code_classes(symbols: NDArray[np.integer], edges: Integers, shares: list[int]) -> list[bytes]:
    """Each run's class codes. All runs advance together, last member first, because the reader begins with the first."""
    runs = len(edges) - 1
    lengths = np.diff(edges)
    longest = int(lengths.max(initial=0))
    share = np.array(shares, np.int64)
    below = np.concatenate(([0], np.cumsum(share)[:-1]))
    state = np.zeros(runs, np.int64)
    out = np.zeros((runs, 2 * longest + 8), np.uint8)
    used = np.zeros(runs, np.int64)
    order = np.argsort(-lengths, kind="stable")
    alive = np.searchsorted(-lengths[order], -np.arange(longest), side="left")
    for rank in range(longest - 1, -1, -1):
        lanes = order[: alive[rank]]
        symbol = symbols[edges[lanes] + rank]
        f = share[symbol]
        x = state[lanes]
        while True:
            full = np.flatnonzero(x >= (STATE_LOW >> SLOT_BITS << 8) * f)
            if not len(full):
                break
            out[lanes[full], used[lanes[full]]] = x[full] & 255
            used[lanes[full]] += 1
            x[full] >>= 8
        state[lanes] = ((x // f) << SLOT_BITS) + x % f + below[symbol]
    while True:
        left = np.flatnonzero(state)
        if not len(left):
            break
        out[left, used[left]] = state[left] & 255
        used[left] += 1
        state[left] >>= 8
    return [out[run, : used[run]][::-1].tobytes() for run in range(runs)]
