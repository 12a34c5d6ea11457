"""Runs on MicroPython: the journal empty and with records waiting, for host_tools/bench/journal.py.

    journal_times.py SECTORS RECORDS

Prints one line of JSON. Times are this interpreter's, in microseconds; flash operations are counted, not timed.
"""

import gc
import json
import sys
import time

import vfs

from firmware.terminal.journal import Journal, JournalFull
from protocol.record import Record, Sealer

SEALER = Sealer(b"k" * 32)
REPEATS = 4


class Flash:
    """A partition in memory that counts. It trusts the journal: what it programs is erased (the tests' model does not)."""

    def __init__(self, sectors):
        self._memory = [bytearray(b"\xff" * 4096) for _ in range(sectors)]
        self.counts = [0] * 4

    def readblocks(self, block, buf, offset=0):
        self.counts[2] += 1
        self.counts[3] += len(buf)
        memory = self._memory[block]
        if len(buf) == 4096:
            buf[:] = memory
        else:
            buf[:] = memory[offset : offset + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        length = len(buf)
        self.counts[1] += (length + 255) // 256
        self._memory[block][offset : offset + length] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self._memory)
        if op == 5:
            return 4096
        if op == 6:
            self.counts[0] += 1
            memory = self._memory[arg]
            for at in range(0, 4096, 256):
                memory[at : at + 256] = b"\xff" * 256
        return 0


class Marks(Flash):
    """Programs the receipt marks without destroying what lies beside them: the journal programs all else onto erased bytes."""

    def writeblocks(self, block, buf, offset=0):
        if len(buf) == 8 and offset == 48:
            memory = self._memory[block]
            buf = bytes(memory[48 + n] & buf[n] for n in range(8))
        Flash.writeblocks(self, block, buf, offset)


def record(n):
    return Record(1, 0, 0, 1796054400 + n, 2, 0, 202612, 13800138000 + n % 1000, 2, 1, 3, 9, 0, 0, 0, 0, 0, 0)


def measured(flash, call, *arguments):
    """[microseconds, erases, programs, reads, bytes read] of one call."""
    gc.collect()
    before = list(flash.counts)
    started = time.ticks_us()
    call(*arguments)
    took = time.ticks_diff(time.ticks_us(), started)
    counts = [flash.counts[n] - before[n] for n in range(4)]
    counts.insert(0, took)
    return counts


def mount(flash):
    return Journal(flash, SEALER, lambda above: above + 1)


def appends(flash, journal, start, idle):
    """A sector's worth and one, so that the change of sectors is among them."""
    taken = []
    for n in range(64):
        if idle:
            journal.idle()
        taken.append(measured(flash, journal.append, record(start + n)))
    return taken


def least(series):
    """Of several runs of the same calls the shortest time of each: what else this machine does is not the journal's."""
    shortest = series[0]
    for run in series:
        for n, one in enumerate(run):
            shortest[n][0] = min(shortest[n][0], one[0])
    return shortest


def state(sectors, records):
    """Mounts, appends with idle time and appends without, each from a ring that holds ``records``."""
    idle, busy = [], []
    for _ in range(REPEATS):
        flash = Marks(sectors)
        journal = mount(flash)
        for n in range(records):
            journal.append(record(n))
        busy.append(appends(flash, journal, records, False))
    flash = Marks(sectors)
    journal = mount(flash)
    for n in range(records):
        journal.idle()
        journal.append(record(n))
    journal.idle()
    journal.idle()
    mounts = [[measured(flash, mount, flash)] for _ in range(REPEATS * 9)]
    finds = [[measured(flash, lambda j: [r for r in j.find(13800138007, 0) if r], journal)] for _ in range(REPEATS)]
    memory = [bytes(one) for one in flash._memory]
    for _ in range(REPEATS):
        for block, one in enumerate(memory):
            flash._memory[block][:] = one
        journal = mount(flash)
        journal.idle()
        idle.append(appends(flash, journal, records, True))
    return {"mount": least(mounts)[0], "find": least(finds)[0], "append": least(idle), "append_busy": least(busy)}


def capacity(sectors):
    """How many records go in before the first refusal, from the worst place: the last slot of a sector still waits."""
    journal = mount(Marks(sectors))
    for n in range(63):
        journal.append(record(n))
    epoch, first, _, slots = journal.batch(62)
    journal.receipt(epoch, first + 61, slots[61][:16])
    count = 1
    try:
        while True:
            journal.append(record(count))
            count += 1
    except JournalFull:
        return count, journal.capacity


def littlefs(sectors):
    """The same records appended to a file of littlefs and synced, one by one."""
    flash = Flash(sectors)
    vfs.VfsLfs2.mkfs(flash)
    system = vfs.VfsLfs2(flash)
    file = system.open("journal", "ab")
    data = bytes(64)

    def append():
        file.write(data)
        file.flush()

    for _ in range(63):
        append()
    taken = [measured(flash, append) for _ in range(126)]
    file.close()
    return taken


def loop():
    """Microseconds of a million empty turns: the measure of how much slower a device is."""
    started = time.ticks_us()
    for _ in range(1000000):
        pass
    return time.ticks_diff(time.ticks_us(), started)


def main(sectors, records):
    print(json.dumps({
        "empty": state(sectors, 0), "waiting": state(sectors, records), "capacity": capacity(sectors),
        "littlefs": littlefs(sectors), "loop_us": min(loop() for _ in range(12)),
    }))  # fmt: skip


main(int(sys.argv[1]), int(sys.argv[2]))
