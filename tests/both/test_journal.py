"""The journal against a NOR flash: what is saved stays, what is receipted goes, and both are found again."""

from journal_terminal import NOW, SECTORS, Terminal, redemption
from raising import raises

from firmware.terminal.journal import JournalFork, JournalFull


def test_a_blank_partition_starts_an_epoch_and_only_one():
    t = Terminal()
    assert (t.journal.epoch, t.journal.sequence, t.journal.waiting, t.journal.level) == (1, 0, 0, 0)
    for _ in range(5):
        t.boot()
    assert t.journal.epoch == 1 and t.epochs.last == 1
    assert t.journal.batch(32) is None


def test_records_survive_a_restart_in_order():
    t = Terminal()
    assert t.append(150) == list(range(1, 151))
    chain = t.journal.chain
    t.boot()
    assert (t.journal.epoch, t.journal.sequence, t.journal.chain, t.journal.waiting) == (1, 150, chain, 150)
    assert t.append(1, 150) == [151]
    assert t.drain() == list(range(151))
    assert t.journal.waiting == 0 and t.journal.receipted == (1, 151)


def test_an_append_is_one_program_within_a_page():
    t = Terminal(SECTORS)
    t.append(3)
    for n in range(200):
        t.journal.idle()
        before, erases = t.flash.programs, sum(t.flash.erases)
        t.append(1, n)
        assert (t.flash.programs - before, sum(t.flash.erases) - erases) == (1, 0)


def test_idle_erases_one_sector_at_a_time_and_stops():
    t = Terminal()
    done = [t.journal.idle() for _ in range(4)]
    assert done == [True, True, False, False]
    erases = sum(t.flash.erases)
    t.boot()
    assert not t.journal.idle(), "what was erased ahead is still known after a restart"
    assert sum(t.flash.erases) == erases


def test_a_receipt_survives_a_restart_exactly():
    t = Terminal()
    t.append(200)
    for upto in (1, 2, 63, 64, 65, 126, 127, 199, 200):
        epoch, first, _, slots = t.journal.batch(200)
        slots = slots[: upto - first + 1]
        assert t.journal.receipt(epoch, upto, slots[-1][:16])
        t.boot()
        assert (t.journal.waiting, t.journal.receipted) == (200 - upto, (1, upto))
        rest = t.journal.batch(200)
        assert (rest is None) == (upto == 200)
        assert rest is None or (rest[1], rest[2]) == (upto + 1, slots[-1][:16])


def test_a_receipt_is_one_program():
    t = Terminal()
    t.append(200)
    epoch, first, _, slots = t.journal.batch(300)
    before = t.flash.programs
    assert t.journal.receipt(epoch, first + 180, slots[180][:16])
    assert t.flash.programs == before + 1


def test_old_receipts_are_no_ops_and_false_ones_forks():
    t = Terminal()
    t.append(100)
    epoch, _, _, slots = t.journal.batch(100)
    assert t.journal.receipt(1, 50, slots[49][:16])
    assert not t.journal.receipt(1, 50, slots[49][:16])
    assert not t.journal.receipt(1, 20, bytes(16))
    assert not t.journal.receipt(0, 9, bytes(16))
    for epoch, upto, chain in ((1, 60, bytes(16)), (1, 60, slots[60][:16]), (1, 101, t.journal.chain), (2, 1, bytes(16))):
        assert raises(JournalFork, t.journal.receipt, epoch, upto, chain)
    assert t.journal.waiting == 50
    assert t.drain() == list(range(50, 100))


def test_full_refuses_and_a_receipt_makes_room():
    t = Terminal()
    t.append(t.journal.capacity)
    assert t.journal.waiting == 315
    count = t.journal.capacity
    try:
        while count < 1000:
            t.append(1, count)
            count += 1
    except JournalFull:
        pass
    assert t.journal.level == 100 and count == SECTORS * 63
    t.boot()
    assert raises(JournalFull, t.append, 1) and t.journal.waiting == count
    assert not t.journal.idle()
    epoch, _, _, slots = t.journal.batch(100)
    t.journal.receipt(epoch, 100, slots[99][:16])
    t.append(63, count)
    assert raises(JournalFull, t.append, 1)
    assert t.drain() == list(range(100, count + 63))


def test_capacity_holds_however_the_records_lie():
    for offset in range(0, 64):
        t = Terminal(3)
        t.append(offset)
        t.drain()
        assert t.append(t.journal.capacity)[-1] == offset + 126
        assert t.journal.level == 100


def test_level_warns_in_time():
    t = Terminal(11)
    levels = []
    for n in range(t.journal.capacity):
        t.append(1, n)
        levels.append(t.journal.level)
    assert levels == sorted(levels) and levels[0] == 0 and levels[-1] == 100
    assert 78 <= levels[len(levels) * 4 // 5] <= 81


def test_many_laps():
    t = Terminal()
    sent = []
    for lap in range(30):
        t.append(97, lap * 97)
        t.journal.idle()
        if lap % 3 == 0:
            t.boot()
        if lap % 2:
            sent += t.drain(29)
    assert sent == list(range(30 * 97))
    assert max(t.flash.erases) - min(t.flash.erases) <= 1, "wear is even"


def test_last_goes_back_through_sectors_and_receipts():
    t = Terminal()
    t.append(150)
    t.drain()
    t.boot()
    assert [record.link for record in t.journal.last(100)] == list(range(149, 49, -1))
    assert [record.link for record in t.journal.last(1)] == [149]
    assert len(list(t.journal.last(1000))) == 150


def test_find_by_member_and_time():
    t = Terminal()
    members = [13800138000 + n % 7 for n in range(300)]
    for n, member in enumerate(members):
        t.journal.append(redemption(n, member, NOW + n * 60))
        if n == 200:
            t.boot()
    wanted = [n for n in range(299, -1, -1) if members[n] == 13800138003]
    found = list(t.journal.find(13800138003, 0))
    assert [record.link for record in found if record] == wanted
    assert found.count(None) == 5
    since = list(t.journal.find(13800138003, NOW + 250 * 60))
    assert [record.link for record in since if record] == [n for n in wanted if n >= 250]
    assert since.count(None) == 2, "older sectors are not read"
    assert not [record for record in t.journal.find(13900139000, 0) if record]


def test_find_while_the_journal_is_used():
    t = Terminal()
    t.append(150)
    found = []
    for record in t.journal.find(13800138000, 0):
        if record:
            found.append(record.link)
        elif len(found) < 140:
            t.append(1, 150)
            t.journal.idle()
            t.journal.batch(3)
    assert found == list(range(149, -1, -1))


def test_a_clock_that_ran_ahead_hides_nothing():
    t = Terminal()
    year = 365 * 86400
    for n in range(200):
        t.journal.append(redemption(n, time=NOW + (year if n < 70 else 0) + n))
    t.boot()
    found = [record.link for record in t.journal.find(13800138000, NOW + year) if record]
    assert found == list(range(69, -1, -1))
