"""The clock (law 5): what is believed, in which order, and what is not."""

import struct

from firmware.terminal import clock as clocks
from firmware.terminal.clock import Clock
from firmware.terminal.menu import parse_date
from firmware.terminal.ntp_message import answer_time
from protocol import month

FLOOR = month.unix(2026, 12, 1)


class Ticks:
    """A tick counter that wraps at 2^30 as MicroPython's does."""

    at = (1 << 30) - 500

    def ticks_ms(self):
        return self.at % (1 << 30)

    def ticks_add(self, ticks, by):
        return (ticks + by) % (1 << 30)

    def ticks_diff(self, a, b):
        return (a - b + (1 << 29)) % (1 << 30) - (1 << 29)


class Chip:
    def __init__(self, time=None):
        self.time = time

    def read(self):
        return self.time

    def set(self, time):
        self.time = time


def clock(chip_time=None):
    ticks, chip = Ticks(), Chip(chip_time)
    return Clock(ticks, chip, FLOOR), ticks, chip


def test_without_any_source_the_clock_is_unset():
    made, ticks, _ = clock()
    assert made.now() is None
    ticks.at += 10_000_000
    assert made.now() is None


def test_the_chip_is_believed_from_the_floor_on():
    assert clock(FLOOR)[0].now() == FLOOR
    assert clock(FLOOR - 4)[0].now() is None, "a chip with an empty battery went backwards"


def test_chip_may_trail_the_last_record_by_a_little():
    """A restart within the second in which a record was made: the chip is right, and only set to whole seconds."""
    assert clock(FLOOR - 3)[0].now() == FLOOR


def test_time_runs_on_across_the_wrap_of_the_ticks():
    made, ticks, _ = clock(FLOOR)
    for second in range(1, 3000):
        ticks.at += 1000 * 600
        assert made.now() == FLOOR + second * 600


def test_the_centre_is_always_believed_and_mends_the_chip():
    made, _, chip = clock(FLOOR + 999)
    made.hear_centre(FLOOR + 5)
    assert made.now() == FLOOR + 5 and made.source == clocks.CENTRE and chip.time == FLOOR + 5


def test_network_time_never_moves_what_the_centre_has_set():
    made, _, _ = clock()
    assert not made.hear_network(FLOOR - 1) and made.now() is None
    assert made.hear_network(FLOOR + 7) and made.source == clocks.NETWORK
    made.hear_centre(FLOOR + 8)
    assert not made.hear_network(FLOOR + 1000) and made.now() == FLOOR + 8


def test_a_supervisors_date_is_named_as_such_and_not_before_the_floor():
    made, _, _ = clock()
    assert not made.set_by_supervisor(FLOOR - 60) and made.now() is None
    assert made.set_by_supervisor(FLOOR + 60) and made.source == clocks.SUPERVISOR


def test_proof_of_a_later_time_unsets_a_clock_that_lags():
    made, _, _ = clock(FLOOR)
    made.raise_floor(FLOOR + 100)
    assert made.now() is None


def test_dates_as_keyed():
    assert parse_date("202612011432") == month.unix(2026, 12, 1, 14, 32)
    assert parse_date("202802290000") == month.unix(2028, 2, 29)
    for wrong in (
        "",
        "20261201143",
        "202613011432",
        "202602290000",
        "202611310000",
        "202612012400",
        "202612011460",
        "199912010000",
    ):
        assert parse_date(wrong) is None, wrong


def test_network_answers():
    nonce = b"12345678"
    seconds = FLOOR + 2_208_988_800

    def answer(first=0x24, stratum=2, originate=nonce, transmit=seconds):
        return bytes([first, stratum]) + bytes(22) + originate + bytes(8) + struct.pack(">II", transmit, 0)

    assert answer_time(answer(), nonce) == FLOOR
    assert answer_time(answer(transmit=100), nonce) == 100 + (1 << 32) - 2_208_988_800, "after 2036"
    for wrong in (
        answer(first=0x23),
        answer(stratum=0),
        answer(stratum=16),
        answer(originate=b"87654321"),
        answer(transmit=0),
        answer()[:47],
    ):
        assert answer_time(wrong, nonce) is None
