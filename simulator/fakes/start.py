"""What the ESP32 port does between reset and the user's files: mount `vfs`, run boot.py, then main.py.

As there, only `.py` files run from the root (they may import `.mpy`), main.py does not run when boot.py fails, and
SystemExit is a soft reset. Not imitated: formatting an empty partition, the REPL afterwards.
"""

import ffi
import gc
import os
import sys
import uctypes
import vfs

_PROT_READ = const(1)
_MAP_PRIVATE = const(2)


def _mount_fakes(path):
    """Map the fakes' file, so that they are executed where they lie; the mapping outlives the file."""
    size = os.stat(path)[6]
    with open(path, "rb") as file:
        at = ffi.open(None).func("P", "mmap", "PliiiL")(None, size, _PROT_READ, _MAP_PRIVATE, file.fileno(), 0)
    os.mount(vfs.VfsRom(uctypes.bytearray_at(at, size)), "/.bench")
    sys.path[:] = ("", ".frozen", "/lib", "/.bench")


_mount_fakes(sys.argv[4] + "/fakes.romfs")

import _bench
import esp32
import machine

_HALTED = const(4)
_BOOTED = const(1)


def _run(name, names):
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


def _start():
    os.umount("/")
    part = esp32.Partition.find(1, label="vfs")
    if not part:
        print("bench: the partition table has no data partition named vfs, so stock MicroPython mounts nothing")
        return 2
    try:
        os.mount(part[0], "/")
    except OSError:
        print("bench: no littlefs in the vfs partition; write an image made by `cheyou build`")
        return 2
    os.chdir("/")
    del part
    gc.collect()
    _bench.call(_BOOTED)
    names = {"__name__": "__main__"}
    return 0 if _run("boot.py", names) and _run("main.py", names) else 1


_bench.call(_HALTED, _start())
