"""The wire to the bench: a page of memory shared with the host process, and a socket for what needs an answer.

The page holds what is hot (pin events, joined keypad lines, clocks), so that scanning a keypad costs no system call.
Word numbers are those of simulator/page.py; a test compares them. Not imitated: anything of the ESP32 itself.
"""

import ffi
import struct
import sys
import uctypes
from utime import sleep_ms, ticks_us

_WRITE = const(1)
_READ = const(2)
_BELL = const(3)
_RING = const(2048)
_RING_MASK = const(8191)

_c = ffi.open(None)
_page = _c.func("P", "mmap", "PliiiL")(None, 65536, 3, 1, int(sys.argv[2]), 0)
W = uctypes.struct(_page, (uctypes.ARRAY, 16384 | uctypes.INT32))
B = uctypes.bytearray_at(_page, 8192)
# A stream over the flash's bytes where they lie: reading it neither allocates, which a block device must not, nor calls
# the system.
flash = open("/.bench/flash", "rb")
_socket = open(int(sys.argv[1]), "r+b")
_call = bytearray(12)
_answer = bytearray(8)
_answered = uctypes.struct(uctypes.addressof(_answer), (uctypes.ARRAY, 2 | uctypes.INT32))
_ring_bell = bytes(12)
del _c, _page, ffi, uctypes


def _fetch(module, name):
    """What a board has in its firmware, not on its heap: loaded when it is asked for, and not kept."""
    got = getattr(__import__(module), name)
    sys.modules[module] = None  # a map keeps a deleted key's value until its place is taken
    del sys.modules[module]
    return got


def event(code):
    """Tell the host what a pin did: kind << 26 | gpio << 20 | value, stamped now."""
    w = W
    i = w[_WRITE]
    n = (i + 2) & _RING_MASK
    while n == w[_READ]:  # the host is behind: nothing may be lost, so the firmware waits
        _socket.write(_ring_bell)
        sleep_ms(1)
    w[_RING + i] = ticks_us()
    w[_RING + 1 + i] = code
    w[_WRITE] = n
    if w[_BELL]:
        w[_BELL] = 0
        _socket.write(_ring_bell)


def call(op, a=0, b=0, data=b""):
    """Ask the host; returns its number, or the bytes it sent; OSError with the error it names.

    Allocates nothing unless bytes come back: flash is written from finalisers too, with the heap locked.
    """
    struct.pack_into("<BBHii", _call, 0, op, 0, len(data), a, b)
    _socket.write(_call)
    if data:
        _socket.write(data)
    if _socket.readinto(_answer) != 8:
        sys.exit(1)  # the bench is gone
    status = _answered[0]
    left = _answered[1]
    if left:
        got = _socket.read(left)
        while len(got) < left:
            got += _socket.read(left - len(got))
        return got
    if status < 0:
        raise OSError(status if status < -4000 else -status)
    return status
