"""Runs on MicroPython: looks numbers up in one kind of list, for `make bench-list`.

    list_lookups.py measure|plain KIND IMAGE NUMBERS COUNT [PARAMETERS]
    list_lookups.py longest FILE · update FILE [STEPS]
    list_lookups.py loop TURNS · fib N · aes BLOCKS

KIND: ours, sorted, fuse, files · IMAGE: the list as it would lie in flash · NUMBERS: little-endian u64 · COUNT: of look-ups.
`measure` prints: numbers found, flash reads and heap bytes of the dearest look-up, flash reads, heap bytes and microseconds of
all. `plain` does nothing but the look-ups, for counting instructions. `update` takes a base in, or the first steps of it;
`longest` prints how many steps that is and which take longest. The last three have known times on an ESP32.
"""

import gc
import struct
import sys
import time


class Flash:
    """A file as a partition, or as littlefs's block device, that counts reads."""

    def __init__(self, path, blocks=0):
        self._file = open(path, "rb")
        self._blocks = blocks
        self.reads = 0

    def readblocks(self, block, buf, offset=0):
        self.reads += 1
        self._file.seek(block * 4096 + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        raise OSError(30)

    def ioctl(self, op, arg):
        return {4: self._blocks, 5: 4096}.get(op, 0)


class Ours:
    """Parameters: where the deltas lie."""

    def __init__(self, flash, *deltas):
        from protocol.member_list import MemberList

        members = MemberList(flash, bytes(range(32)))
        for at in deltas:
            members.extend(int(at))
        self.find = members.lookup


class Sorted:
    """Records of five bytes number and one byte class, ascending: bisection."""

    def __init__(self, flash, count):
        self._flash = flash
        self._count = int(count)
        self._record = bytearray(6)

    def find(self, number):
        low = 0
        high = self._count
        record = self._record
        while low < high:
            middle = (low + high) >> 1
            at = middle * 6
            self._flash.readblocks(at >> 12, record, at & 4095)
            bottom, top = struct.unpack("<IB", record)
            held = top << 32 | bottom
            if held == number:
                return record[5]
            if held < number:
                low = middle + 1
            else:
                high = middle
        return None


class Fuse:
    """A 16-bit binary fuse filter: three fingerprints a look-up, no classes, one stranger in 65,536 accepted."""

    def __init__(self, flash, seed, segment, count_length):
        self._flash = flash
        self._seed = int(seed)
        self._segment = int(segment)
        self._count_length = int(count_length)
        self._print = bytearray(2)

    def find(self, number):
        all64 = (1 << 64) - 1
        hashed = (number + self._seed) & all64
        hashed ^= hashed >> 33
        hashed = hashed * 0xFF51AFD7ED558CCD & all64
        hashed ^= hashed >> 33
        hashed = hashed * 0xC4CEB9FE1A85EC53 & all64
        hashed ^= hashed >> 33
        first = hashed * self._count_length >> 64
        mask = self._segment - 1
        second = first + self._segment ^ hashed >> 18 & mask
        third = first + 2 * self._segment ^ hashed & mask
        said = (hashed ^ hashed >> 32) & 0xFFFF
        for place in (first, second, third):
            at = 2 * place
            self._flash.readblocks(at >> 12, self._print, at & 4095)
            said ^= self._print[0] | self._print[1] << 8
        return None if said else 1


class Files:
    """One file a member in littlefs, named by its number; its one byte is the class."""

    def __init__(self, flash):
        import vfs

        vfs.mount(vfs.VfsLfs2(flash), "/members", readonly=True)

    def find(self, number):
        try:
            with open("/members/%d" % number, "rb") as file:
                return file.read(1)[0]
        except OSError:
            return None


def opened(kind, image, parameters):
    """(flash, look-up) of a list."""
    if kind == "files":
        flash = Flash(image, int(parameters[0]))
        return flash, Files(flash).find
    flash = Flash(image)
    return flash, {"ours": Ours, "sorted": Sorted, "fuse": Fuse}[kind](flash, *parameters).find


def measure(kind, image, numbers, count, *parameters):
    flash, find = opened(kind, image, parameters)
    raw = bytearray(8)
    found = dearest_reads = dearest_heap = reads = heap = spent = 0
    with open(numbers, "rb") as file:
        for _ in range(int(count)):
            file.readinto(raw)
            number = struct.unpack("<Q", raw)[0]
            gc.collect()
            gc.disable()
            reads_before = flash.reads
            heap_before = gc.mem_alloc()
            started = time.ticks_us()
            answer = find(number)
            spent += time.ticks_diff(time.ticks_us(), started)
            used = gc.mem_alloc() - heap_before
            gc.enable()
            found += answer is not None
            dearest_reads = max(dearest_reads, flash.reads - reads_before)
            dearest_heap = max(dearest_heap, used)
            reads += flash.reads - reads_before
            heap += used
    print(found, dearest_reads, dearest_heap, reads, heap, spent)


def plain(kind, image, numbers, count, *parameters):
    find = opened(kind, image, parameters)[1]
    raw = bytearray(8)
    with open(numbers, "rb") as file:
        for _ in range(int(count)):
            file.readinto(raw)
            find(struct.unpack("<Q", raw)[0])


class Nor:
    """Flash in memory that takes no time: a step's own work is what is measured."""

    def __init__(self, blocks):
        self.memory = bytearray(blocks * 4096)

    def readblocks(self, block, buf, offset=0):
        at = block * 4096 + offset
        buf[:] = memoryview(self.memory)[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        at = block * 4096 + offset
        self.memory[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 6:
            self.memory[arg * 4096 : arg * 4096 + 4096] = b"\xff" * 4096
        return len(self.memory) // 4096


def longest(path):
    spent = update(path)
    for _ in range(4):  # whatever else the host does only ever adds
        spent = [min(pair) for pair in zip(spent, update(path))]
    print(len(spent), *sorted(range(len(spent)), key=lambda step: -spent[step])[:5])


def update(path, most=1 << 29):
    """Take in the base at ``path``, ``most`` steps of it; microseconds of each step."""
    from binascii import hexlify
    from hashlib import sha256

    from firmware.terminal.list_place import ListPlace
    from firmware.terminal.list_update import receive
    from firmware.terminal.list_writer import DATA, DONE
    from firmware.terminal.member_lists import MemberLists
    from protocol.list_section import BUFFER_BYTES

    with open(path, "rb") as file:
        data = file.read()
    list_id, month, version = struct.unpack_from("<III", data, 8)
    blocks = len(data) // 4096 + 3
    places = ListPlace(), ListPlace()
    lists = MemberLists([Nor(blocks), Nor(1)], places, {list_id: bytes(range(32))}, bytearray(BUFFER_BYTES))
    offer = {"list": list_id, "kind": "base", "month": month, "version": version, "base": 0, "bytes": len(data)}
    offer["sha256"] = hexlify(sha256(data).digest()).decode()
    writer = receive(lists, offer, month)
    spent = []
    while writer.next != DONE and len(spent) < int(most):
        if writer.next == DATA:
            writer.feed(memoryview(data)[writer.offset : writer.offset + 1024])
        if len(spent) % 64 == 0:
            gc.collect()
        gc.disable()
        started = time.ticks_us()
        writer.step()
        spent.append(time.ticks_diff(time.ticks_us(), started))
        gc.enable()
    return spent


def loop(turns):
    for _ in range(int(turns)):
        pass


def _fib(n):
    return n if n < 2 else _fib(n - 1) + _fib(n - 2)


def fib(n):
    _fib(int(n))


def aes(blocks):
    from cryptolib import aes

    encrypt = aes(bytes(16), 1).encrypt
    block = bytearray(16)
    for _ in range(int(blocks)):
        encrypt(block, block)


if __name__ == "__main__":
    {"measure": measure, "plain": plain, "longest": longest, "update": update, "loop": loop, "fib": fib, "aes": aes}[sys.argv[1]](
        *sys.argv[2:]
    )
