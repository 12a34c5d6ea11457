"""Debouncing and the ambiguity of three keys."""

import random

from drivers.contacts import Contacts, keys_of


def matrix_reading(keys):
    """What a matrix without diodes reads when these (row, column) contacts are closed: one list entry a row driven."""
    rows = []
    for driven in range(4):
        low_rows, low_columns = {driven}, set()
        for _ in range(8):
            low_columns |= {c for r, c in keys if r in low_rows}
            low_rows |= {r for r, c in keys if c in low_columns}
        rows.append(sum(1 << c for c in low_columns))
    return rows


def mask(keys):
    return sum(1 << r * 4 + c for r, c in keys)


def test_every_pair_is_read_and_every_rectangle_doubted():
    every = [(r, c) for r in range(4) for c in range(4)]
    for a in every:
        assert keys_of(matrix_reading([a]), 4) == mask([a])
        for b in every:
            assert keys_of(matrix_reading({a, b}), 4) == mask({a, b})
            for c in every:
                keys = {a, b, c}
                seen = keys_of(matrix_reading(keys), 4)
                assert seen is None or seen == mask(keys), keys


def test_three_corners_alone_are_doubted():
    # Rows are read one after another: key 1,1 was let go between.
    assert keys_of([0b0001, 0b0011, 0, 0], 4) is None
    assert keys_of([0b0011, 0b0001, 0, 0], 4) is None
    assert keys_of([0b0011, 0b0100, 0, 0], 4) == 0b0100_0011
    assert keys_of([0b0001, 0b0001, 0b0001, 0], 4) == 0b0001_0001_0001
    assert keys_of([], 4) == 0


def test_press_at_once_release_after_twelve_ms():
    contacts = Contacts()
    assert contacts.feed(0, 3) == 0
    assert contacts.feed(4, 3) == 4 and contacts.down == 4
    assert contacts.feed(4, 3) == 0
    open_ms = 0
    while contacts.down:
        open_ms += 3
        assert contacts.feed(0, 3) == 0
    assert 12 <= open_ms <= 21, open_ms


def test_second_key_needs_two_masks_and_unknown_starts_over():
    contacts = Contacts()
    contacts.feed(1, 3)
    assert contacts.feed(3, 3) == 0
    assert contacts.feed(None, 3) == 0 and contacts.down == 1
    assert contacts.feed(3, 3) == 0
    assert contacts.feed(3, 3) == 2 and contacts.down == 3
    for _ in range(100):
        contacts.feed(None, 3)
    assert contacts.down == 3


def test_a_stall_releases_nothing_it_did_not_see():
    contacts = Contacts()
    contacts.feed(1, 3)
    assert contacts.feed(1, 45) == 0 and contacts.down == 1
    contacts.feed(0, 45)
    assert contacts.down == 1  # one look after a stall proves little
    contacts.feed(1, 3)
    for _ in range(3):
        contacts.feed(0, 3)
    assert contacts.down == 1


def test_bounce_below_twelve_ms_is_one_press():
    random.seed(4)
    for _ in range(300):
        contacts = Contacts()
        bounce = random.randrange(12)
        presses, now = 0, 0
        while now < 150:
            step = random.randrange(2, 9)
            now += step
            closed = 20 <= now < 80 + bounce and (20 + bounce <= now < 80 or random.getrandbits(1))
            presses += contacts.feed(16 if closed else 0, step) != 0
        assert presses == 1 and not contacts.down
