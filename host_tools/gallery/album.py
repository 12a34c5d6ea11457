"""The pictures as files: `docs/screens/<display>-<language>/<screen>.png`, and a page that shows them side by side."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from host_tools import boards
from host_tools.boards import Board
from host_tools.gallery.camera import photograph
from host_tools.gallery.shots import shots
from host_tools.texts import languages, read
from host_tools.toolchain import ROOT
from simulator import pictures

FOLDER = ROOT / "docs" / "screens"
LOOKS = {"hd44780": pictures.GREEN, "st7920": pictures.BLUE}
_SHOWN_WIDTH = 260


def subjects() -> list[Board]:
    """One board for each kind and size of display, in each language."""
    displays: dict[str, Board] = {}
    for name in boards.names():
        board = boards.load(name)
        displays.setdefault(_display(board), board)
    return [
        replace(board, display=replace(board.display, language=language))
        for board in displays.values()
        for language in languages()
    ]


def album() -> dict[Path, bytes]:
    """Path below `FOLDER` → content of every file there has to be."""
    files: dict[Path, bytes] = {}
    with ProcessPoolExecutor() as pool:
        for taken in pool.map(_taken, subjects()):
            files |= taken
    files[Path("README.md")] = _page(subjects()).encode()
    return files


def differences(folder: Path = FOLDER) -> Iterator[str]:
    """What is not as the firmware of today shows it."""
    wanted = album()
    there = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    for path in sorted(there | set(wanted)):
        if path not in wanted:
            yield f"{path} shows a screen that is no more"
        elif path not in there:
            yield f"{path} is missing"
        elif (folder / path).read_bytes() != wanted[path]:
            yield f"{path} is not what the display shows"


def write(folder: Path = FOLDER) -> int:
    """Write what is wanted, delete what is not; how many files changed."""
    wanted = album()
    changed = 0
    for path in [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder) not in wanted]:
        path.unlink()
        changed += 1
    for relative, content in wanted.items():
        path = folder / relative
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            changed += 1
    return changed


def _taken(board: Board) -> dict[Path, bytes]:
    wanted = shots(board)
    look = LOOKS[board.display.kind]
    glasses = photograph(board, wanted)
    return {
        _place(board, f"{group}/{name}"): pictures.png_picture(glass, look)
        for (group, name, _), glass in zip(wanted, glasses, strict=True)
    }


def _display(board: Board) -> str:
    display = board.display
    return f"{display.kind}-{display.columns}x{display.rows}"


def _place(board: Board, name: str) -> Path:
    return Path(f"{_display(board)}-{board.display.language}", name.replace("/", "-") + ".png")


def _page(shown: list[Board]) -> str:
    names = list(read("en", shown[0].display.kind).rows)
    head = "| | " + " | ".join(f"{_display(board)}, {board.display.language}" for board in shown) + " |"
    lines = [
        "# Every screen, on every display, in every language",
        "",
        "Made by `cheyou screens`, which runs the firmware's own code on a simulated board and draws what the display's",
        "controller then has in its memory, dot by dot; `cheyou screens --check` compares. The texts are in `firmware/texts`,",
        "what stands in their fields here in `firmware/texts/fields.json`.",
        "",
        head,
        "| --- " * (len(shown) + 1) + "|",
    ]
    for name in names:
        cells = [f'<img src="{_place(board, name)}" width="{_SHOWN_WIDTH}" alt="">' for board in shown]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
