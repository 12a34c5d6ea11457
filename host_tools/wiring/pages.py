"""`docs/boards/`: a page and a drawing a board, and a list of all; made from the boards' files, compared by a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from host_tools import boards
from host_tools.boards import Board
from host_tools.toolchain import ROOT
from host_tools.wiring.connections import Connection, main_board, parts, printed
from host_tools.wiring.drawing import svg

FOLDER = ROOT / "docs" / "boards"
_MADE = "Made by `cheyou boards --draw` from `board_configs/{file}`; a test compares."


def files() -> dict[str, str]:
    """Name → content of every file there has to be."""
    found = {"README.md": _index()}
    for name in boards.names():
        board = boards.load(name)
        found[f"{name}.svg"] = svg(board)
        found[f"{name}.md"] = page(board)
    return found


def write(folder: Path = FOLDER) -> list[str]:
    """Write what is wanted and delete what is not; what has changed."""
    changed = [line.split()[0] for line in differences(folder)]
    wanted = files()
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed


def differences(folder: Path = FOLDER) -> Iterator[str]:
    """What is not as the boards' files have it."""
    wanted = files()
    there = {path.name for path in folder.iterdir() if path.suffix in (".md", ".svg")} if folder.exists() else set()
    for name in sorted(there | set(wanted)):
        if name not in wanted:
            yield f"{name} is of a board that is no more"
        elif name not in there:
            yield f"{name} is missing"
        elif (folder / name).read_text(encoding="utf-8") != wanted[name]:
            yield f"{name} is not what the board's file says"


def page(board: Board) -> str:
    """A board's page: drawing, connections, parts."""
    made = _MADE.format(file=f"{board.name}.toml")
    lines = [f"# {board.title}", "", made, "", f"![Wiring of {board.name}]({board.name}.svg)", ""]
    lines += ["## Connections", "| part | its pin | to | through |", "| --- | --- | --- | --- |"]
    for part in parts(board):
        lines += [f"| {part.title} | {c.pin} | {_place(board, c)} | {c.via} |" for c in part.connections]
    lines += ["", "## Parts", "| count | part | why |", "| --- | --- | --- |"]
    for part in (main_board(board), *parts(board)):
        lines += [f"| {count} | {what} | {why} |" for count, what, why in part.bill]
    lines += ["", "## Flash", "| partition | at | bytes |", "| --- | --- | --- |"]
    lines += [f"| {p.label} | {p.offset:#x} | {p.size:,} |" for p in sorted(board.partitions, key=lambda p: p.offset)]
    return "\n".join(lines) + "\n"


def _place(board: Board, connection: Connection) -> str:
    return connection.net if connection.gpio is None else f"GPIO {printed(board, connection.gpio)}"


def _index() -> str:
    lines = ["# Boards: wiring and parts", "", _MADE.format(file="*.toml"), ""]
    lines += ["| board | display | flash |", "| --- | --- | --- |"]
    for name in boards.names():
        board = boards.load(name)
        display = f"{board.display.kind} {board.display.columns}x{board.display.rows}, {board.display.language}"
        lines.append(f"| [{name}]({name}.md) | {display} | {board.flash_bytes >> 20} MB |")
    return "\n".join(lines) + "\n"
