"""Builds the member list that terminals keep in flash: exact, keyed, near the information bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from central.errors import CentreError
from central.list_layout import MOST_PLACES, ListFacts, Run, Shape, assemble, fitting
from central.list_permutation import Permutation
from protocol.list_header import BASE, permutation_key

_BUCKET_MEMBERS = 256  # fewer cost more bytes (index, checksum), more cost the terminal time


def in_scope(numbers: NDArray[np.uint64], prefixes: tuple[str, ...], digits: int = 11) -> NDArray[np.bool_]:
    """Which `numbers` of so many digits begin with one of `prefixes`; all when there are none."""
    inside = np.full(len(numbers), not prefixes)
    for length in sorted({len(prefix) for prefix in prefixes}):
        wanted = np.array([int(prefix) for prefix in prefixes if len(prefix) == length], np.uint64)
        inside |= np.isin(numbers // np.uint64(10 ** (digits - length)), wanted)
    return inside


def placed(
    numbers: NDArray[np.integer], classes: NDArray[np.integer], facts: ListFacts, list_key: bytes
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where each number stands, ascending, and its class there.

    With dropped bits two numbers can share a place: the class of the lowest tier code stays, so that a block is never lost.
    `CentreError` for a number outside universe or scope, a number twice, and a class that is not in the table.
    """
    first, size = facts.universe
    values: NDArray[np.uint64] = np.asarray(numbers).astype(np.uint64)
    classes = np.asarray(classes)
    if len(values) != len(classes) or (len(classes) and not 0 <= classes.min() <= classes.max() < len(facts.classes)):
        raise CentreError("a member has no class of the list's table", "give each number one class index")
    if len(values) and not (first <= int(values.min()) and int(values.max()) < first + size):
        raise CentreError("a member's number is outside the list's universe", "leave it out or widen the universe")
    if not in_scope(values, facts.prefixes, len(str(first))).all():
        raise CentreError("a member's number fits no prefix of the list", "leave it out or add its prefix")
    images = Permutation(permutation_key(list_key, facts.list_id, facts.month), size).place(values - np.uint64(first))
    if not facts.precision:
        order = np.argsort(images)
        places = images[order].astype(np.int64)
        if (np.diff(places) == 0).any():
            raise CentreError("a member's number comes twice", "give each number once")
        return places, classes[order].astype(np.uint8)
    by_tier = np.argsort(np.array([tier for tier, _ in facts.classes]), kind="stable").argsort()
    places = (images >> np.uint64(facts.precision)).astype(np.int64)
    order = np.lexsort((by_tier[classes], places))
    places, first_at = np.unique(places[order], return_index=True)
    return places, classes[order][first_at].astype(np.uint8)


def build_list(
    numbers: NDArray[np.integer],
    classes: NDArray[np.integer],
    facts: ListFacts,
    list_key: bytes,
    bucket_members: int = _BUCKET_MEMBERS,
) -> bytes:
    """The base file of `numbers` (each once, any order) with the class index of each; `list_key`: 32 bytes.

    `CentreError` names what is wrong with the input. The same input gives the same bytes.
    """
    places, symbols = placed(numbers, classes, facts, list_key)

    def make(buckets: int) -> bytes:
        width = -(-facts.places // max(buckets, -(-facts.places // MOST_PLACES)))
        edges = np.searchsorted(places, np.arange(-(-facts.places // width) + 1) * width)
        run = Run(places % width, symbols, edges, len(facts.classes))
        return assemble(facts, list_key, Shape(BASE, 0, len(places), width), run, None, facts.classes)

    return fitting(make, max(1, -(-len(places) // bucket_members)))
