"""What `gather` makes of database rows: who is on a month's list, and when memberships end."""

from __future__ import annotations

from central.list_members import gather
from protocol import month as months

MONTH = 202612
START, AFTER = months.starts(MONTH), months.starts(202701)


def gathered(rows: list[tuple[int, int, int]]) -> dict[int, tuple[int, int]]:
    numbers, classes, table = gather(iter(rows), MONTH)
    return {int(number): table[index] for number, index in zip(numbers, classes, strict=True)}


def test_only_ends_within_the_month_count() -> None:
    inside = START + 86_400
    rows = [(1, 1, 0), (2, 1, AFTER), (3, 3, inside), (4, 3, START), (5, 3, START - 1), (6, 0, START - 1), (7, 2, AFTER + 9)]
    assert gathered(rows) == {1: (1, 0), 2: (1, 0), 3: (3, inside), 6: (0, 0), 7: (2, 0)}


def test_the_most_frequent_class_comes_first() -> None:
    _, _, table = gather([(number, 2 if number % 3 else 1, 0) for number in range(30)], MONTH)
    assert table == ((2, 0), (1, 0))


def test_nobody_is_a_list_too() -> None:
    numbers, classes, table = gather([], MONTH)
    assert len(numbers) == len(classes) == len(table) == 0


def test_too_many_moments_of_ending_move_down_never_up() -> None:
    by_minute = [(number, 3, START + 60 * number + 1) for number in range(1, 600)]
    said = gathered(by_minute)
    assert len(set(said.values())) <= 255
    assert all(ends - 3600 < said[number][1] <= ends for number, _, ends in by_minute)
    by_hour = [(number, number % 3 + 1, START + 2400 * number + 7) for number in range(1, 1100)]
    said = gathered(by_hour)
    assert len(set(said.values())) <= 255
    assert all(ends - 86_400 < said[number][1] <= ends for number, _, ends in by_hour)
    assert {months.day_starts(ends) == ends for _, ends in said.values() if ends > START + 1} == {True}
