"""What runs first in the firmware's process: it maps the other fakes, which are executed where they lie, off the heap, and
behind them the flash, which so becomes the last file of their file system.
"""

import ffi
import os
import sys
import uctypes
import vfs

_PROT_READ = const(1)
_MAP_SHARED = const(1)
_MAP_FIXED = const(0x10)
_STACK = const(262144)


def _mount_fakes(path, flash_fd, flash_size):
    size = os.stat(path)[6]
    mmap = ffi.open(None).func("P", "mmap", "PliiiL")
    with open(path, "rb") as file:  # the mapping outlives the file
        at = mmap(None, size + flash_size, _PROT_READ, _MAP_SHARED, file.fileno(), 0)
    mmap(at + size, flash_size, _PROT_READ, _MAP_SHARED | _MAP_FIXED, flash_fd, 0)
    os.mount(vfs.VfsRom(uctypes.bytearray_at(at, size + flash_size)), "/.bench")
    sys.path[:] = ("", ".frozen", "/lib", "/.bench")


_mount_fakes("fakes.romfs", int(sys.argv[3]), int(sys.argv[4]))
_instead = sys.argv[5:]  # a folder, and the module in it that takes over from here
if _instead:
    sys.path.insert(0, _instead[0])
    __import__(_instead[1])
del _mount_fakes, os, sys, ffi, uctypes, vfs

import _boot  # noqa: E402
import _thread  # noqa: E402

# On a thread of its own for a larger stack: the unix port keeps a path of 4 KiB there for every import within an import,
# where the ESP32 keeps 128 bytes.
_thread.stack_size(_STACK)
_ended = _thread.allocate_lock()
_ended.acquire()
_thread.start_new_thread(_boot.start, (_ended,))
_ended.acquire()
