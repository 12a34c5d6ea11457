"""The files that a board in service has made itself: the settings it was sent. They outlive a new application (law 7).

Once MicroPython has written to it, a littlefs differs from its image although no application file does; so it is compared
file by file and not by MD5.
"""

from __future__ import annotations

import littlefs

from host_tools import app_image
from host_tools.app_image import BLOCK

KEPT = "settings"
Files = dict[str, bytes]


def files_of(image: bytes) -> Files | None:
    """Every file of a littlefs by its path; None when there is no sound file system."""
    system = littlefs.LittleFS(
        block_size=BLOCK, block_count=len(image) // BLOCK, mount=False, read_size=32, prog_size=32, cache_size=128,
        lookahead_size=32,
    )  # fmt: skip
    system.context.buffer = bytearray(image)
    try:
        system.mount()
        files: Files = {}
        for folder, _, names in system.walk("/"):
            for name in names:
                path = f"{folder.rstrip('/')}/{name}".lstrip("/")
                with system.open(path, "rb") as file:
                    files[path] = bytes(file.read())
    except (littlefs.LittleFSError, OSError, UnicodeDecodeError):
        return None
    return files


def carried_over(wanted: bytes, present: bytes) -> bytes | None:
    """The file system to write so that it holds `wanted`'s application and `present`'s settings.

    None when nothing has to be written: `present` has that application already.
    """
    old = files_of(present)
    new = files_of(wanted)
    if old is None or new is None:
        return wanted
    kept = {path: content for path, content in old.items() if path.startswith(f"{KEPT}/") and not path.endswith(".new")}
    if {path: content for path, content in old.items() if not path.startswith(f"{KEPT}/")} == new:
        return None
    if not kept:
        return wanted
    image, _ = app_image.pack({**new, **kept}, ("b", KEPT), len(wanted))
    return image


def with_files(present: bytes, kept: Files) -> bytes | None:
    """The file system `present` with `kept` in place of its own settings; None when it has just those."""
    files = files_of(present) or {}
    own = {path for path in files if path.startswith(f"{KEPT}/")}
    wanted = {path: content for path, content in kept.items() if not path.endswith(".new")}
    if {path: files[path] for path in own} == wanted:
        return None
    application = {path: content for path, content in files.items() if path not in own}
    image, _ = app_image.pack({**application, **wanted}, ("b", KEPT), len(present))
    return image
