"""The keypad at its pins, in virtual time: a matrix without diodes whose contacts bounce, a loop that stalls."""

import random

from machine import Pin
from stepped import Clock

import drivers.keypad as keypad

ROWS = (10, 11, 12, 13)
COLUMNS = (20, 21, 22, 23)
LAYOUT = ("123A", "456B", "789C", "*0#D")


class Matrix:
    """Which columns are low, by following closed contacts from the rows driven low (open drain: the others are let go)."""

    def __init__(self, chatter=lambda: random.getrandbits(1)):
        self.chatter = chatter
        self.clock = Clock()
        self.presses = []  # (key index, from, to, bounce) in ms
        keypad.asyncio = self.clock
        keypad.ticks_ms = self.clock.ticks_ms
        keypad.sleep_us = lambda us: None
        Pin.pins.clear()
        Pin.on_write = None
        Pin.on_read = self.read
        self.keypad = keypad.Keypad(ROWS, COLUMNS, LAYOUT)
        self.task = self.keypad.run()
        # One reading takes a moment: contacts may change between a scan's rows.
        self.reads = 0

    def closed(self):
        now = self.clock.now
        keys = []
        for key, start, end, bounce in self.presses:
            if start <= now < end + bounce and (start + bounce <= now < end or self.chatter()):
                keys.append(key)
        return keys

    def read(self, number):
        self.reads += 1
        keys = self.closed()
        low = {r for r in range(4) if not Pin.pins[ROWS[r]].level}
        columns = set()
        while True:
            grown = {k % 4 for k in keys if k // 4 in low}
            if grown <= columns:
                break
            columns |= grown
            low |= {k // 4 for k in keys if k % 4 in columns}
        return 0 if number - COLUMNS[0] in columns else 1

    def events(self):
        found = []
        while self.keypad._count:
            try:
                self.keypad.get().send(None)
            except StopIteration as done:
                found.append(done.value)
        return found

    def drive(self, until, stall=lambda now: 0):
        self.clock.drive(self.task, until, stall)


def test_a_press_is_one_event_and_a_hold_another():
    matrix = Matrix()
    matrix.presses = [(0, 100, 160, 0), (15, 300, 1600, 8), (13, 2000, 2060, 8)]
    matrix.drive(2500)
    assert matrix.events() == [("press", "1"), ("press", "D"), ("hold", "D"), ("press", "0")]


def test_hold_comes_at_one_second():
    matrix = Matrix()
    matrix.presses = [(3, 100, 9000, 0)]
    matrix.drive(1090)
    assert matrix.events() == [("press", "A")]
    matrix.drive(1120)
    assert matrix.events() == [("hold", "A")]
    matrix.drive(9500)
    assert matrix.events() == []


def test_no_press_of_60_ms_is_lost_whatever_stalls():
    """One stall of 45 ms (a flash erase) anywhere, LCD turns of 5 ms between all scans, contacts that bounce 5 ms."""
    random.seed(1)
    for _ in range(20):
        matrix = Matrix()
        expected, now = [], 20
        while now < 20_000:
            key = random.randrange(16)
            length = random.randrange(60, 200)
            expected.append(("press", LAYOUT[key // 4][key % 4]))
            matrix.presses = [(key, now, now + length, 5)]
            stall_at = now + random.randrange(-50, length + 20)

            def stall(at):
                nonlocal stall_at
                if at >= stall_at:
                    stall_at = 1 << 29
                    return 45
                return random.randrange(6)

            now += length + random.randrange(90, 150)
            matrix.drive(now, stall)
            if matrix.keypad._count > 40:
                got = matrix.events()
                assert got == expected[: len(got)], (got, expected)
                expected = expected[len(got) :]
        got = matrix.events()
        assert got == expected, (got, expected)


class Once:
    """Holds the loop for some ms, the first time a scan falls due at or after `at`."""

    def __init__(self, at, ms):
        self.at = at
        self.ms = ms

    def __call__(self, now):
        held = self.ms if now >= self.at else 0
        if held:
            self.ms = 0
        return held


def test_the_worst_moments_for_a_stall():
    """Each millisecond a flash erase can start at, a display turn just before it, contacts that bounce open for 5 ms."""
    for start in range(100, 103):
        for erase in range(start - 50, start + 60):
            matrix = Matrix(chatter=lambda: 0)
            matrix.presses = [(5, start, start + 60, 5)]
            matrix.drive(start + 150, Once(erase, 5 + 45))
            assert matrix.events() == [("press", "5")], (start, erase)


def test_rollover_keeps_both_keys():
    """Fast fingers press the next key before they let go of the last."""
    random.seed(2)
    for _ in range(150):
        first, second = random.randrange(16), random.randrange(16)
        if first == second:
            continue
        matrix = Matrix()
        matrix.presses = [(first, 50, 150, 5), (second, 120, 220, 5)]
        matrix.drive(400)
        assert [key for _, key in matrix.events()] == ["".join(LAYOUT)[first], "".join(LAYOUT)[second]]


def test_three_keys_never_make_a_fourth():
    random.seed(3)
    presses = 0
    for _ in range(500):
        matrix = Matrix()
        keys = set()
        while len(keys) < 3:
            keys.add(random.randrange(16))
        matrix.presses = [(k, 50 + random.randrange(150), 210 + random.randrange(150), random.randrange(12)) for k in keys]
        matrix.drive(450, lambda now: random.randrange(6))
        for kind, key in matrix.events():
            assert kind == "press" and "".join(LAYOUT).index(key) in keys, (key, matrix.presses)
            presses += 1
    assert presses > 1000, presses


def test_ambiguity_ends_when_a_key_is_let_go():
    matrix = Matrix()
    # 1, 2 and 4 lie on a rectangle with 5. The third is taken once the first is up.
    matrix.presses = [(0, 50, 300, 0), (1, 100, 500, 0), (4, 150, 500, 0)]
    matrix.drive(290)
    assert matrix.events() == [("press", "1"), ("press", "2")]
    matrix.drive(600)
    assert matrix.events() == [("press", "4")]


def test_mashing_gives_no_hold_and_fills_the_ring_in_order():
    matrix = Matrix()
    matrix.presses = [(0, 50, 3000, 0), (1, 100, 3000, 0), (4, 150, 3000, 0)]
    matrix.drive(3100)
    assert matrix.events() == [("press", "1"), ("press", "2")]
    matrix.presses = [(n % 10, matrix.clock.now + 20 + n * 50, matrix.clock.now + 45 + n * 50, 0) for n in range(70)]
    matrix.drive(matrix.clock.now + 4000)
    got = [key for _, key in matrix.events()]
    assert got == ["".join(LAYOUT)[n % 10] for n in range(64)] and matrix.keypad.lost == 6


def test_quiet_time_saturates_and_survives_the_tick_counter():
    matrix = Matrix()
    matrix.presses = [(0, 100, 200, 0)]
    matrix.drive(600)
    assert 396 <= matrix.keypad.quiet_ms() <= 410, matrix.keypad.quiet_ms()
    # A holiday of ten days: beyond half the counter's range on a 32-bit board.
    for day in range(1, 11):
        for hour in range(24):
            matrix.clock.now = (day * 24 + hour) * 3_600_000 & (1 << 30) - 1
            matrix.task.send(None)
            assert 0 <= matrix.keypad.quiet_ms() <= 60_000 + 3_600_000
        matrix.task.send(None)
        assert matrix.keypad.quiet_ms() == 60_000


def test_idle_scan_reads_each_column_once_and_writes_nothing():
    matrix = Matrix()
    matrix.drive(20)
    writes = []
    Pin.on_write = lambda number, level: writes.append(number)
    matrix.reads = 0
    matrix.task.send(None)
    assert matrix.reads == 4 and not writes


def test_rows_are_let_go_and_columns_pulled_up():
    Matrix()
    assert all(Pin.pins[n].mode == Pin.OPEN_DRAIN for n in ROWS)
    assert all(Pin.pins[n].mode == Pin.IN and Pin.pins[n].pull == Pin.PULL_UP for n in COLUMNS)
