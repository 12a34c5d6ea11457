"""Validity months: one calendar month of China Standard Time, UTC+8 all year. A month is an ``int`` YYYYMM.

Integers only: floats have single precision on the ESP32, and its epoch differs from CPython's.
"""

CST_S = 8 * 3600
_DAY_S = 86400


def days_from_civil(year, month, day):
    """Days since 1970-01-01 of a date of the proleptic Gregorian calendar, for years from 1970 on."""
    if month <= 2:
        year -= 1
        month += 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719469


def civil(time):
    """(year, month, day, hour, minute, second) in China Standard Time of Unix seconds ``time``."""
    days, second = divmod(time + CST_S, _DAY_S)
    days += 719468
    era, day_of_era = divmod(days, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day, second // 3600, second // 60 % 60, second % 60


def unix(year, month, day, hour=0, minute=0, second=0):
    """Unix seconds of a China Standard Time."""
    return days_from_civil(year, month, day) * _DAY_S + hour * 3600 + minute * 60 + second - CST_S


def month_of(time):
    """The month (YYYYMM) that Unix seconds ``time`` falls in."""
    date = civil(time)
    return date[0] * 100 + date[1]


def shifted(month, by):
    """The month ``by`` months after ``month`` (before it when negative)."""
    index = ordinal(month) + by
    return (2000 + index // 12) * 100 + index % 12 + 1


def ordinal(month):
    """Months since 2000-01, as records carry them."""
    return (month // 100 - 2000) * 12 + month % 100 - 1


def from_ordinal(index):
    """The inverse of `ordinal`."""
    return shifted(200001, index)


def is_month(month):
    """Whether ``month`` is a YYYYMM that records can carry (2000-01 to 2099-12)."""
    return 200001 <= month <= 209912 and 1 <= month % 100 <= 12


def starts(month):
    """Unix seconds at which ``month`` begins, 00:00 CST on the 1st."""
    return unix(month // 100, month % 100, 1)


def day_starts(time):
    """Unix seconds at which the CST day of ``time`` began."""
    return time - (time + CST_S) % _DAY_S


def in_grace(month, now, grace_hours):
    """Whether ``month`` is last month and still accepted at ``now``, ``grace_hours`` after the 1st began."""
    current = month_of(now)
    return month == shifted(current, -1) and now < starts(current) + grace_hours * 3600


def nearest(month_number, now):
    """The YYYYMM that a bare ``month_number`` (1 to 12) on an SMS means at ``now``: the nearest one, at most six back."""
    current = month_of(now)
    ahead = (month_number - current % 100) % 12
    return shifted(current, ahead if ahead < 6 else ahead - 12)
