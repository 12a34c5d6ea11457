"""`python -m host_tools.toolchain [base|test]`: what `make setup` and `make setup-test` call."""

from __future__ import annotations

import sys

from host_tools.errors import CheYouError
from host_tools.toolchain import BIN, VENV, browser, device_libraries, environment, interpreters, services
from host_tools.toolchain.pieces import Piece, set_up


def base_pieces() -> list[Piece]:
    """What running the product needs."""
    lock = "requirements.txt"
    command = VENV / "bin" / "cheyou"
    return [
        Piece("Python environment", environment.recipe(lock), command.exists, lambda: environment.install(lock)),
        Piece("MicroPython", interpreters.RECIPE, (BIN / "micropython64").exists, interpreters.install),
        Piece("device libraries", device_libraries.recipe(), device_libraries.present, device_libraries.install),
    ]


def test_pieces() -> list[Piece]:
    """What developing and testing need as well: the larger lock file, a real broker, a real database server, a real browser."""
    lock = "requirements-dev.txt"
    environment_piece, *others = base_pieces()
    pytest = VENV / "bin" / "pytest"
    return [
        Piece("development environment", environment.recipe(lock), pytest.exists, lambda: environment.install(lock),
              covers=(environment_piece,)),
        *others,
        Piece("Mosquitto", "2", services.have_mosquitto, services.install_mosquitto, optional=True),
        Piece("PostgreSQL", "2", services.have_postgres, services.install_postgres, optional=True),
        Piece("Chromium", "1", browser.have_chromium, browser.install_chromium, optional=True),
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Set up and return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is what tells an older Python's user
        print("setup: Python 3.11 or newer is needed; install it and run the same command again", file=sys.stderr)
        return 1
    wanted = arguments[0] if arguments else "base"
    if wanted not in ("base", "test"):
        print("usage: python -m host_tools.toolchain [base|test]", file=sys.stderr)
        return 2
    try:
        set_up(base_pieces() if wanted == "base" else test_pieces())
    except CheYouError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
