"""The simulated board with its console: as simulator/fakes/start.py, and then the REPL, as on a stock board.

All of it on the main thread, because only that hears Ctrl-C.
"""

import ffi
import os
import sys

import micropython
import repl
import uctypes
import vfs

micropython.kbd_intr(3)


def mount_fakes(path):
    size = os.stat(path)[6]
    with open(path, "rb") as file:  # the mapping outlives the file
        at = ffi.open(None).func("P", "mmap", "PliiiL")(None, size, 1, 2, file.fileno(), 0)
    os.mount(vfs.VfsRom(uctypes.bytearray_at(at, size)), "/.bench")
    sys.path[:] = ("", ".frozen", "/lib", "/.bench")


mount_fakes(sys.argv[4] + "/fakes.romfs")
del mount_fakes

import _bench  # noqa: E402

names = {"__name__": "__main__"}


class Halted(Exception):
    pass


_call = _bench.call


def call(op, a=0, b=0, data=b""):
    if op == 4:  # the firmware has nothing more to run: here the REPL begins
        raise Halted
    return _call(op, a, b, data)


_bench.call = call

import _boot  # noqa: E402


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


repl.serve(names, restart)
