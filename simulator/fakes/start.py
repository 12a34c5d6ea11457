"""What runs first in the firmware's process: it maps the other fakes, which are executed where they lie, off the heap."""

import ffi
import os
import sys
import uctypes
import vfs

_PROT_READ = const(1)
_MAP_PRIVATE = const(2)


def _mount_fakes(path):
    size = os.stat(path)[6]
    with open(path, "rb") as file:  # the mapping outlives the file
        at = ffi.open(None).func("P", "mmap", "PliiiL")(None, size, _PROT_READ, _MAP_PRIVATE, file.fileno(), 0)
    os.mount(vfs.VfsRom(uctypes.bytearray_at(at, size)), "/.bench")
    sys.path[:] = ("", ".frozen", "/lib", "/.bench")


_mount_fakes(sys.argv[4] + "/fakes.romfs")
del _mount_fakes, os, sys, ffi, uctypes, vfs

import _boot  # noqa: E402, F401
