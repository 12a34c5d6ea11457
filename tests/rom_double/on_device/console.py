"""Takes over from simulator/fakes/start.py once the fakes are there: boots as a stock board does, and then the REPL.

All of it on the main thread, because only that hears Ctrl-C.
"""

import struct
import sys

import micropython
import repl

micropython.kbd_intr(3)
sys.path.pop(0)

import _bench  # noqa: E402

names = {"__name__": "__main__"}


class Halted(Exception):
    pass


def uninterrupted(what, argument):
    """Call ``what``, again where Ctrl-C came between, and say whether it did: half a question to the bench would be its end.

    A signal only ever interrupts a system call that has not moved anything yet.
    """
    try:
        return what(argument), False
    except KeyboardInterrupt:
        pass
    try:
        return what(argument), True
    except KeyboardInterrupt:
        return what(argument), True


def call(op, a=0, b=0, data=b""):
    if op == 4:  # the firmware has nothing more to run: here the REPL begins
        raise Halted
    _, stopped = uninterrupted(_bench._socket.write, struct.pack("<BBHii", op, 0, len(data), a, b) + bytes(data))
    answer = bytearray(8)
    count, again = uninterrupted(_bench._socket.readinto, answer)
    stopped = stopped or again
    if count != 8:
        sys.exit(1)  # the bench is gone
    status, left = struct.unpack("<ii", answer)
    got = b""
    while len(got) < left:
        more, again = uninterrupted(_bench._socket.read, left - len(got))
        got += more
        stopped = stopped or again
    if stopped:
        raise KeyboardInterrupt
    if left:
        return got
    if status < 0:
        raise OSError(status if status < -4000 else -status)
    return status


_bench.call = call

import _boot  # noqa: E402

modules = set(sys.modules)


class Nothing:
    def release(self):
        pass


print("ets Jun  8 2016 00:22:57\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)")
try:
    _boot.start(Nothing())
except Halted:
    pass
except KeyboardInterrupt:
    pass


def restart(main):
    """A soft reset: boot.py, and main.py unless it was asked for from the raw REPL."""
    if _boot._run("boot.py", names) and main:
        _boot._run("main.py", names)


repl.serve(names, restart, modules)
