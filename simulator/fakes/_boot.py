"""What the ESP32 port does between reset and the user's files: mount `vfs`, run boot.py, then main.py.

As there, only `.py` files run from the root (they may import `.mpy`), main.py does not run when boot.py fails, and
SystemExit is a soft reset. Not imitated: formatting an empty partition, the REPL afterwards.
"""

import gc
import os
import sys

import _bench
import esp32
import machine

_HALTED = const(4)
_BOOTED = const(1)


def run(name, names):
    try:
        os.stat(name)
    except OSError:
        return True
    try:
        execfile(name, names)
        return True
    except SystemExit:
        machine.soft_reset()
    except BaseException as e:
        sys.print_exception(e)
        return False


def _mount():
    os.umount("/")
    part = esp32.Partition.find(1, label="vfs")
    if not part:
        print("bench: the partition table has no data partition named vfs, so stock MicroPython mounts nothing")
        return False
    try:
        os.mount(part[0], "/")
    except OSError:
        print("bench: no littlefs in the vfs partition; write an image made by `cheyou build`")
        return False
    os.chdir("/")
    return True


def start(ended):
    try:
        status = 2
        if _mount():
            gc.collect()
            _bench.call(_BOOTED)
            names = {"__name__": "__main__"}
            status = 0 if run("boot.py", names) and run("main.py", names) else 1
        _bench.call(_HALTED, status)  # never answered: the host ends the process
    finally:
        ended.release()
