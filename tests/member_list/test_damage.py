"""Whatever byte is damaged: the list refuses, or this answer does not depend on it; it is never wrong."""

from __future__ import annotations

import random

import numpy as np
import pytest
from lists import CLASSES, KEY, SECTOR, Case, facts

from central.list_builder import build_list
from central.list_contents import ListBytes, read_base, read_header
from central.list_delta import build_delta
from protocol.list_header import ListDamaged, ListError
from protocol.member_list import MemberList


def _image() -> tuple[bytes, int, dict[int, tuple[int, int] | None]]:
    """Base and delta as they lie in flash, where the delta begins, and what is true of members and strangers."""
    before = {13_800_000_000 + 7 * i: CLASSES[i % 5] for i in range(150)}
    after = {**{n: row for i, (n, row) in enumerate(before.items()) if i % 10}, **{15_000_000_000 + i: (2, 0) for i in range(15)}}
    base = build_list(*Case(facts(), before).arrays, facts(), KEY)
    delta = build_delta(base, [], *Case(facts(2), after).arrays, facts(2), KEY)
    at = -(-len(base) // SECTOR) * SECTOR
    image = base + b"\xff" * (at - len(base)) + delta
    return image, at, {number: after.get(number) for number in (*before, *after, *range(18_600_000_000, 18_600_000_040))}


def _never_wrong(image: bytes, at: int, truth: dict[int, tuple[int, int] | None]) -> str:
    try:
        members = MemberList(ListBytes(image), KEY)
        members.extend(at)
    except ListError:
        return "not mounted"
    refused = False
    for number, row in truth.items():
        try:
            assert members.lookup(number) == row
        except ListDamaged:
            refused = True
    return "refused" if refused else "unharmed"


def test_every_byte_of_a_small_list() -> None:
    image, at, truth = _image()
    base_bytes = int.from_bytes(image[36:40], "little")
    assert _never_wrong(image, at, truth) == "unharmed"
    rng = random.Random(1)
    members = MemberList(ListBytes(image), KEY)
    # One number of every bucket, so that no damage goes unnoticed, and some more.
    every_bucket = {members._place(number)[0]: number for number in truth}.values()
    sample = {number: truth[number] for number in (*every_bucket, *rng.sample(sorted(truth), 10))}
    assert len(every_bucket) == members.header.buckets
    for place in (*range(base_bytes), *range(at, len(image))):
        for flip in (1 << rng.randrange(8), rng.randrange(1, 256)):
            damaged = bytearray(image)
            damaged[place] ^= flip
            assert _never_wrong(bytes(damaged), at, sample) != "unharmed", place


def test_sampled_bytes_of_a_large_list() -> None:
    generator = np.random.default_rng(6)
    numbers = np.unique(generator.integers(13 * 10**9, 20 * 10**9, 60_000).astype(np.uint64))
    data = build_list(numbers, (np.arange(len(numbers)) % 5).astype(np.uint8), facts(), KEY)
    contents = read_base(data, KEY)
    members = MemberList(ListBytes(data), KEY)
    buckets: dict[int, list[int]] = {}
    for number in numbers.tolist():
        buckets.setdefault(members._place(number)[0], []).append(number)
    truth = dict(zip(numbers.tolist(), (np.arange(len(numbers)) % 5).tolist(), strict=True))
    data_at = contents.header.header_bytes + 2 * (contents.header.buckets + 1)
    rng = random.Random(2)
    for _ in range(150):
        damaged = bytearray(data)
        place = rng.randrange(contents.header.header_bytes, len(data))
        damaged[place] ^= rng.randrange(1, 256)
        start, end = (data_at, len(data)) if place >= data_at else (contents.header.header_bytes, data_at)
        near = (place - start) * contents.header.buckets // (end - start)
        harmed = MemberList(ListBytes(bytes(damaged)), KEY)
        refused = 0
        for bucket in range(max(0, near - 3), min(contents.header.buckets, near + 4)):
            try:
                assert harmed.find(buckets[bucket][0]) == truth[buckets[bucket][0]]
            except ListDamaged:
                refused += 1
        assert refused, place


def test_a_bucket_of_another_version_is_as_wrong_as_a_damaged_one() -> None:
    case = Case(facts(), {13_800_000_000 + 7 * i: CLASSES[i % 5] for i in range(1000)})
    old = build_list(*case.arrays, facts(), KEY)
    new = build_list(*case.arrays, facts(2), KEY)
    assert len(old) == len(new)
    header = read_header(new, KEY)
    at = header.header_bytes + 2 * (header.buckets + 1)
    mixed = MemberList(ListBytes(new[:at] + old[at:]), KEY)
    for number in list(case.truth)[:20]:
        with pytest.raises(ListDamaged):
            mixed.lookup(number)


def test_the_centre_reads_back_nothing_that_is_damaged() -> None:
    image, at, _ = _image()
    for place in (0, 5, 30, 80, 120, 145, 250, at - SECTOR + 700, len(image) - 1):
        damaged = bytearray(image)
        damaged[place] ^= 16
        with pytest.raises(ListError):
            read_base(bytes(damaged[: int.from_bytes(image[36:40], "little")]), KEY)
            read_header(bytes(damaged[at:]), KEY)
