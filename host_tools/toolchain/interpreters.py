"""MicroPython's unix port, 32 and 64 bit: the interpreter the firmware runs in on the workbench."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

from host_tools.errors import CheYouError
from host_tools.toolchain import BIN, TOOLS, debian, notice, strict, wrappers

SUITE = "trixie"  # the first Debian whose MicroPython (1.25.0) is new enough
OLDEST = (1, 24)
PACKAGES = ("micropython", "libc6", "libffi8", "libmbedcrypto16", "libmbedtls21", "libmbedx509-7")
RECIPE = f"{SUITE} {' '.join(PACKAGES)} 3"
WHERE_FROM = (
    "install MicroPython 1.24 or newer so that `micropython` is on the path (macOS: brew install micropython; Ubuntu "
    "25.04 or newer: apt install micropython; elsewhere: build ports/unix of its source), then `make setup`"
)
# (Debian architecture, loader and library folder under the unpacked tree)
_LAYOUT = {
    "i386": ("usr/lib/i386-linux-gnu/ld-linux.so.2", "usr/lib/i386-linux-gnu"),
    "amd64": ("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu"),
    "arm64": ("usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1", "usr/lib/aarch64-linux-gnu"),
}


def install() -> str:
    """Put `micropython64`, and on x86 Debian `micropython32`, into `.tools/bin`; returns what it found."""
    own = _system_micropython()
    if not debian.available():
        if own is None:
            raise CheYouError("there is no MicroPython here", WHERE_FROM)
        wrappers.write(BIN / "micropython64", f'exec "{own}" "$@"')
        if strict():
            raise CheYouError("there is no 32-bit MicroPython on this host", "run on an x86 Debian 12 or 13 host")
        notice("32-bit MicroPython needs an x86 Debian 12 or 13 host: memory figures will come from 64 bit here")
        return "64 bit, the system's own"
    host = debian.architecture()
    if host not in _LAYOUT:
        raise CheYouError(f"no MicroPython package is known for {host}", WHERE_FROM)
    _install_packages(("i386",) if own and host == "amd64" else ("amd64", "i386") if host == "amd64" else (host,))
    if own and host == "amd64":
        wrappers.write(BIN / "micropython64", f'exec "{own}" "$@"')
    if host != "amd64":
        if strict():
            raise CheYouError(f"there is no 32-bit MicroPython on {host}", "run on an x86 Debian 12 or 13 host")
        notice(f"32-bit MicroPython needs an x86 host, this one is {host}: memory figures will come from 64 bit here")
    return ", ".join(f"{bits} bit {_version(tool)}" for bits in (32, 64) if (tool := BIN / f"micropython{bits}").exists())


def _install_packages(architectures: tuple[str, ...]) -> None:
    archive = debian.Archive(SUITE, architectures)
    archive.update()
    for name in architectures:
        bits = 32 if name == "i386" else 64
        home = TOOLS / "debian" / f"micropython{bits}"
        archive.unpack([f"{package}:{name}" for package in PACKAGES], home)
        loader, libraries = _LAYOUT[name]
        prefix = f"../debian/{home.name}"
        wrappers.write_with_own_loader(
            BIN / f"micropython{bits}", f"{prefix}/{loader}", [f"{prefix}/{libraries}"], f"{prefix}/usr/bin/micropython"
        )
        if _version(BIN / f"micropython{bits}") is None:
            (BIN / f"micropython{bits}").unlink()
            raise CheYouError(
                f"{bits}-bit MicroPython does not start on this {platform.machine()} kernel",
                "enable 32-bit (IA32) support in the kernel or container" if bits == 32 else WHERE_FROM,
            )
    archive.forget()


def _system_micropython() -> Path | None:
    found = shutil.which("micropython")
    if not found:
        return None
    version = _version(Path(found))
    return Path(found) if version and tuple(map(int, version.split("."))) >= OLDEST else None


def _version(tool: Path) -> str | None:
    """`major.minor` as the interpreter itself reports it, None where it does not run."""
    try:
        done = subprocess.run(
            [tool, "-c", "import sys; print('%d.%d' % sys.implementation.version[:2])"],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if re.fullmatch(r"\d+\.\d+\n", done.stdout) else None
