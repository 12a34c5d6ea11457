"""Chromium for the tests of the panel, and a font with Chinese characters for it."""

from __future__ import annotations

from host_tools import toolchain
from host_tools.errors import CheYouError
from host_tools.toolchain import BIN, TOOLS, debian, wrappers

# For a browser that a program drives. As root there is no sandbox; the rest keeps it from talking to anyone.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=user-gesture-required",
)  # fmt: skip
_FONT = "fonts-wqy-microhei"


def have_chromium() -> bool:
    """Whether a browser can be started already."""
    try:
        toolchain.chromium()
    except CheYouError:
        return False
    return True


def install_chromium() -> str:
    """Make `toolchain.chromium()` work."""
    if have_chromium():
        return "already there"
    if not debian.available():
        raise CheYouError(
            "Chromium is not installed", "install Chromium with your system's package manager, then `make setup-test`"
        )
    archive = debian.Archive(debian.codename(), (debian.architecture(),))
    archive.update()
    home = TOOLS / "debian" / "chromium"
    archive.unpack([*archive.missing("chromium"), *archive.missing(_FONT)], home)
    archive.forget()
    here = f"../{home.relative_to(TOOLS)}"
    folders = {path.parent for path in home.rglob("*.so*") if "gtk-3.0" not in path.parts}
    libraries = ":".join(sorted(f"$here/{here}/{folder.relative_to(home)}" for folder in folders))
    # Fontconfig finds a font unpacked privately where programs keep their users' data.
    wrappers.write(
        BIN / "chromium",
        f'LD_LIBRARY_PATH="{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" XDG_DATA_HOME="$here/{here}/usr/share" '
        f'exec "$here/{here}/usr/lib/chromium/chromium" "$@"',
    )
    return "unpacked privately"
