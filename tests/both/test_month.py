"""Validity months in China Standard Time: boundaries, grace and the month a bare number means."""

from protocol import month


def test_civil_and_unix_are_inverse_across_four_centuries_of_days():
    for days in range(0, 29000, 13):
        for second in (0, 57599, 57600, 86399):
            time = days * 86400 + second
            assert month.unix(*month.civil(time)) == time


def test_known_instants():
    # 2026-12-01T00:00:00+08:00 is 2026-11-30T16:00:00Z.
    assert month.unix(2026, 12, 1) == 1796054400
    assert month.civil(1796054400) == (2026, 12, 1, 0, 0, 0)
    assert month.civil(951782400 - month.CST_S) == (2000, 2, 29, 0, 0, 0)


def test_month_rolls_over_at_midnight_cst_on_the_first():
    first = month.unix(2026, 12, 1)
    assert month.month_of(first - 1) == 202611
    assert month.month_of(first) == 202612
    assert month.starts(202612) == first
    assert month.day_starts(first + 3600) == first


def test_shifted_crosses_years():
    assert month.shifted(202612, 1) == 202701
    assert month.shifted(202701, -1) == 202612
    for index in range(1200):
        assert month.ordinal(month.from_ordinal(index)) == index


def test_grace_accepts_only_last_month_and_only_so_long():
    first = month.unix(2026, 12, 1)
    assert month.in_grace(202611, first + 7199, 2)
    assert not month.in_grace(202611, first + 7200, 2)
    assert not month.in_grace(202610, first, 2)
    assert not month.in_grace(202611, first, 0)


def test_bare_month_number_means_the_nearest_month():
    january = month.unix(2027, 1, 5)
    assert month.nearest(12, january) == 202612
    assert month.nearest(1, january) == 202701
    assert month.nearest(1, month.unix(2026, 12, 31, 23)) == 202701
    for number in range(1, 13):
        assert month.nearest(number, january) % 100 == number


def test_is_month():
    assert month.is_month(202612)
    for wrong in (0, 202600, 202613, 199912, 210001, 99999999):
        assert not month.is_month(wrong)
