"""Builds deltas: what changed on a member list since its base and the deltas published so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from central.errors import CentreError
from central.list_builder import placed
from central.list_contents import BaseContents, meaning, overlaid, read_base, read_delta
from central.list_layout import MOST_CLASSES, MOST_PLACES, DoesNotFit, ListFacts, Run, Shape, assemble, fitting
from protocol.list_header import DELTA, GONE

_BUCKET_ENTRIES = 96


def build_delta(
    base: bytes,
    chain: Sequence[bytes],
    numbers: NDArray[np.integer],
    classes: NDArray[np.integer],
    facts: ListFacts,
    list_key: bytes,
) -> bytes:
    """The delta file that turns what `base` and `chain` (its deltas, oldest first) say into `numbers` with their `classes`.

    With an empty `chain` it reaches back to the base and replaces all deltas between. List id, month, universe and precision
    of `facts` are the base's; the version is higher than the last one's. `CentreError` names what is wrong with the input,
    `ListDamaged` a published file that is not whole.
    """
    held = read_base(base, list_key)
    deltas = [read_delta(delta, list_key, held) for delta in chain]
    last = deltas[-1].header if deltas else held.header
    _check(facts, held, last.version)
    places, symbols = placed(numbers, classes, facts, list_key)
    meanings = np.array([meaning(*row) for row in facts.classes] or [0], np.int64)[symbols]
    indices, rank_meanings, others, other_meanings = _changes(held, overlaid(held, deltas), places, meanings)
    # A class table of its own, of what the delta needs and no more: it stays in the terminal's memory.
    used, rows_of = np.unique(np.concatenate((rank_meanings, other_meanings)), return_inverse=True)
    rows = tuple((int(row >> 32), int(row & 0xFFFFFFFF)) for row in used)
    if len(rows) > MOST_CLASSES:
        raise CentreError("too many classes have changed for a delta", "publish a new base")
    rank_symbols = rows_of[: len(indices)].astype(np.uint8)
    other_symbols = rows_of[len(indices) :].astype(np.uint8)
    bucket = np.searchsorted(held.edges, indices, side="right") - 1
    rank = indices - held.edges[bucket]
    width, base_buckets, ranks = held.header.width, held.header.buckets, held.ranks

    def make(buckets: int) -> bytes:
        group = max(1, min(-(-base_buckets // buckets), MOST_PLACES // max(width, ranks), 0xFFFF))
        edges = np.arange(-(-base_buckets // group) + 1) * group
        rank_run = Run(bucket % group * ranks + rank, rank_symbols, np.searchsorted(bucket, edges), len(rows))
        value_run = Run(others % (group * width), other_symbols, np.searchsorted(others, edges * width), len(rows))
        shape = Shape(DELTA, last.version, len(places), width, group, ranks, held.header.digest)
        try:
            return assemble(facts, list_key, shape, value_run, rank_run, rows)
        except DoesNotFit:
            if group == 1:
                raise CentreError("too much has changed for a delta", "publish a new base") from None
            raise

    return fitting(make, max(1, -(-(len(indices) + len(others)) // _BUCKET_ENTRIES)))


def _check(facts: ListFacts, base: BaseContents, version: int) -> None:
    header = base.header
    same = (header.list_id, header.month, (header.first, header.size), header.precision)
    if (facts.list_id, facts.month, facts.universe, facts.precision) != same:
        raise CentreError("a delta keeps its base's list, month, universe and precision", "publish a new base")
    if facts.version <= version:
        raise CentreError(f"version {facts.version} does not follow version {version}", "number versions upwards")


def _changes(
    base: BaseContents, before: tuple[NDArray[np.int64], ...], places: NDArray[np.int64], meanings: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(indices of base members that change, their new meanings, places of others that change, theirs)."""
    base_before, other_places, other_before = before
    gone = meaning(GONE, 0)
    at = np.searchsorted(base.places, places)
    in_base = base.places[np.minimum(at, len(base.places) - 1)] == places if len(base.places) else np.zeros(len(places), bool)
    base_after = np.full(len(base.places), gone, np.int64)
    base_after[at[in_base]] = meanings[in_base]
    indices = np.flatnonzero(base_after != base_before)
    others = np.union1d(other_places, places[~in_base])
    was = np.full(len(others), gone, np.int64)
    was[np.searchsorted(others, other_places)] = other_before
    now = np.full(len(others), gone, np.int64)
    now[np.searchsorted(others, places[~in_base])] = meanings[~in_base]
    changed = now != was
    return indices, base_after[indices], others[changed], now[changed]
