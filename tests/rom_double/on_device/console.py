"""Takes over from simulator/fakes/start.py once the fakes are there: boots as a stock board does, and then the REPL."""

import os
import sys

import repl

sys.modules["select"] = repl.CtrlC
sys.path.pop(0)

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
import esp32  # noqa: E402

modules = set(sys.modules)
path = list(sys.path)


class Nothing:
    def release(self):
        pass


def boot():
    print("ets Jun  8 2016 00:22:57\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)")
    try:
        _boot.start(Nothing())
    except Halted:
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
    if _boot.run("boot.py", names) and main:
        _boot.run("main.py", names)


repl.serve(names, restart, modules, boot)
