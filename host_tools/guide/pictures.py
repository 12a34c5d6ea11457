"""`docs/technician/`: label, self-test and report as pictures."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from host_tools import boards, toolchain
from host_tools.gallery.album import LOOKS
from host_tools.guide.bench_camera import Album, taken
from host_tools.toolchain import ROOT
from provisioning.label import Label
from provisioning.reports import Report
from simulator import pictures

FOLDER = ROOT / "docs" / "technician"
BOARD = "esp32-devkit-4mb"
TERMINAL, MAC = "T-001", "24:6f:28:00:00:01"
# What the first row of a question begins with, or the second: which picture it is.
_NAMES = {
    "888": "selftest-display", "8s ok": "selftest-display-2", "Press all": "selftest-keys", "Three": "selftest-buzzer",
    "Green": "selftest-lights", "SELF-TEST": "selftest-passed",
}  # fmt: skip
REPORT = "report.png"  # drawn by a browser, so that it is not the same on every machine


def files(album: Album | None = None) -> dict[str, bytes]:
    """Name → content of every picture that is the same wherever it is made."""
    board = boards.load(BOARD)
    found = {"label.png": Label(TERMINAL, MAC, board.title).png()}
    for rows, glass in (album or taken(board)).shots:
        name = next((name for begins, name in _NAMES.items() if rows[0].startswith(begins)), None)
        if name and f"{name}.png" not in found:
            found[f"{name}.png"] = pictures.png_picture(glass, LOOKS[board.display.kind])
    return found


def write(folder: Path = FOLDER) -> None:
    """Make all of them."""
    album = taken(boards.load(BOARD))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files(album).items():
        (folder / name).write_bytes(content)
    _photograph(album.report, folder / REPORT)


def differences(folder: Path = FOLDER) -> Iterator[str]:
    """What is not as label and firmware are today."""
    for name, content in files().items():
        if not (folder / name).exists():
            yield f"{name} is missing"
        elif (folder / name).read_bytes() != content:
            yield f"{name} is not what a technician sees"
    if not (folder / REPORT).exists():
        yield f"{REPORT} is missing"


def _photograph(report: Report, target: Path) -> None:
    with TemporaryDirectory(prefix="cheyou-guide-") as folder:
        page = Path(folder) / "report.html"
        page.write_text(report.page(), encoding="utf-8")
        command: list[str | Path] = [toolchain.chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        # A profile of its own: one that is in use by another browser would be waited for.
        command += [f"--user-data-dir={folder}/profile", "--window-size=760,620", f"--screenshot={target}", page.as_uri()]
        subprocess.run(command, capture_output=True, check=True, timeout=60)
