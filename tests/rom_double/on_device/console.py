"""Takes over from simulator/fakes/start.py once the fakes are there: boots as a stock board does, and then the REPL.

All of it on the main thread, because only that hears Ctrl-C.
"""

import sys

import ffi
import micropython
import repl

micropython.kbd_intr(3)
sys.path.pop(0)

import _bench  # noqa: E402

names = {"__name__": "__main__"}


class Halted(Exception):
    pass


# sigprocmask(2) of glibc: SIG_BLOCK is 0, SIG_UNBLOCK 1; SIGINT is bit 1 of the first byte of 128.
_mask = ffi.open(None).func("i", "sigprocmask", "ipP")
_sigint = bytearray(128)
_sigint[0] = 2
_call = _bench.call


def call(op, a=0, b=0, data=b""):
    """As `_bench.call`, but Ctrl-C has to wait: half a question would put every later answer out of step."""
    if op == 4:  # the firmware has nothing more to run: here the REPL begins
        raise Halted
    _mask(0, _sigint, None)
    try:
        for _ in b" ":
            pass  # MicroPython raises a signal that came before at the next jump: here, with nothing asked yet
        return _call(op, a, b, data)
    finally:
        _mask(1, _sigint, None)


_bench.call = call

import os  # noqa: E402

import _boot  # noqa: E402
import esp32  # noqa: E402

modules = set(sys.modules)
path = list(sys.path)


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
    """A soft reset: the file system, boot.py, and main.py unless it was asked for from the raw REPL."""
    sys.path[:] = path
    try:
        os.umount("/")
    except OSError:
        pass  # Ctrl-C came while it was being mounted
    names["__name__"] = "__main__"
    try:
        os.mount(esp32.Partition.find(1, label="vfs")[0], "/")
        os.chdir("/")
    except (IndexError, OSError):
        return
    if _boot._run("boot.py", names) and main:
        _boot._run("main.py", names)


repl.serve(names, restart, modules)
