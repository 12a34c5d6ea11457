"""Mosquitto and PostgreSQL for the tests: the system's where it has them, else unpacked privately on Debian.

They are not installed into the system even for root: on a machine with an init system that would leave a broker and
a database server running.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from host_tools import toolchain
from host_tools.errors import CheYouError
from host_tools.toolchain import BIN, TOOLS, debian, wrappers

_POSTGRES_PROGRAMS = ("initdb", "postgres", "pg_ctl", "psql", "createdb")


def have_mosquitto() -> bool:
    """Whether a broker can be started already."""
    return _have(toolchain.mosquitto)


def have_postgres() -> bool:
    """Whether a database server can be started already."""
    return _have(toolchain.postgres_bin)


def install_mosquitto() -> str:
    """Make `toolchain.mosquitto()` work."""
    if have_mosquitto():
        return "already there"
    home = _unpack("mosquitto", "Mosquitto")
    wrappers.write_with_libraries(BIN / "mosquitto", _libraries(home, "../debian"), "../debian/mosquitto/usr/sbin/mosquitto")
    _starts(BIN / "mosquitto", "-h")
    return "unpacked privately"


def install_postgres() -> str:
    """Make `toolchain.postgres_bin()` work."""
    if have_postgres():
        return "already there"
    home = _unpack("postgresql", "PostgreSQL")
    programs = next(home.glob("usr/lib/postgresql/*/bin"))
    for name in _POSTGRES_PROGRAMS:
        wrappers.write_with_libraries(
            TOOLS / "postgres" / "bin" / name,
            _libraries(home, "../../debian"),
            f"../../debian/{programs.relative_to(home.parent)}/{name}",
        )
    _starts(TOOLS / "postgres" / "bin" / "postgres", "--version")
    return "unpacked privately"


def _have(find: object) -> bool:
    try:
        find()  # type: ignore[operator]
    except CheYouError:
        return False
    return True


def _unpack(package: str, what: str) -> Path:
    if not debian.available():
        raise CheYouError(
            f"{what} is not installed", f"install {what} with your system's package manager, then `make setup-test`"
        )
    archive = debian.Archive(debian.codename(), (debian.architecture(),))
    archive.update()
    home = TOOLS / "debian" / package
    archive.unpack(archive.missing(package), home)
    archive.forget()
    return home


def _starts(program: Path, option: str) -> None:
    """Fail now, not in the middle of a test, when a library is missing."""
    done = subprocess.run([program, option], capture_output=True, text=True, errors="replace", check=False)
    if not done.stdout.strip():
        program.unlink()
        raise CheYouError(
            f"{program.name} does not start: {done.stderr.strip()}", "install it with your system's package manager"
        )


def _libraries(home: Path, prefix: str) -> list[str]:
    """Every folder with shared libraries in the unpacked tree, relative to the wrapper that will name them."""
    folders = {path.parent.relative_to(home) for path in home.rglob("*.so.*")}
    # A server's own plug-ins are no libraries of anyone else.
    return sorted(f"{prefix}/{home.name}/{folder}" for folder in folders if "postgresql" not in folder.parts)
