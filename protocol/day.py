"""A day of one terminal in numbers: what terminal and centre compare when the day is closed.

A day is a CST day by the records' own time, so neither a late arrival nor midnight at the centre changes it. Redemptions and
voids are counted apart, each on the day it was made; training never counts.
"""

from protocol.month import civil, unix
from protocol.record import TRAINING, VOID

DAY_S = 86400


class Day:
    """``paid`` and ``returned``: whole fen of redemptions and of voids · ``totals``: "offer/tier" → [redemptions, voids]."""

    def __init__(self):
        self.paid = self.returned = 0
        self.totals = {}

    def take(self, record):
        """Count a record of kind redemption or void."""
        if not record.flags & TRAINING:
            self.add(record.kind, record.offer, record.tier, 1, record.price)

    def add(self, kind, offer, tier, count, price):
        """Count so many of one ``kind``, ``offer`` (id) and ``tier`` (code), of ``price`` fen all together."""
        counts = self.totals.setdefault("%d/%d" % (offer, tier), [0, 0])
        if kind == VOID:
            counts[1] += count
            self.returned += price
        else:
            counts[0] += count
            self.paid += price

    def sums(self):
        """(redemptions, voids) of all offers."""
        return sum(counts[0] for counts in self.totals.values()), sum(counts[1] for counts in self.totals.values())

    def differing(self, totals):
        """The "offer/tier" names, in order, whose counts differ from those in ``totals``."""
        names = sorted(set(self.totals) | set(totals))
        return [name for name in names if self.totals.get(name, [0, 0]) != totals.get(name, [0, 0])]


def are_totals(totals):
    """Whether a dictionary is of the form of `Day.totals`."""
    for name in totals:
        if type(name) is not str:  # MicroPython's JSON takes any value for a name
            return False
        offer, slash, tier = name.partition("/")
        counts = totals[name]
        if (
            not slash
            or not _is_number(offer, 0xFFFF)
            or not _is_number(tier, 255)
            or type(counts) is not list
            or len(counts) != 2
        ):
            return False
        for count in counts:
            if type(count) is not int or not 0 <= count <= 0xFFFFFFFF:
                return False
    return True


def _is_number(text, most):
    return 1 <= len(text) <= 5 and not text.strip("0123456789") and int(text) <= most


def is_date(date):
    """Whether ``date`` is the YYYYMMDD of a day from 2000 to 2099."""
    return 20000101 <= date <= 20991231 and 1 <= date // 100 % 100 <= 12 and date % 100 >= 1 and date_of(begins(date)) == date


def date_of(time):
    """The CST day of Unix seconds as a whole number YYYYMMDD."""
    year, month, day, _, _, _ = civil(time)
    return (year * 100 + month) * 100 + day


def begins(date):
    """Unix seconds at which the day YYYYMMDD begins."""
    return unix(date // 10000, date // 100 % 100, date % 100)
