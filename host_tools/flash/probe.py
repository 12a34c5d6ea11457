"""Who is on a port: chip, flash, and the terminal it is, if it is one of ours."""

from __future__ import annotations

from typing import Any

from host_tools import boards, partition_table
from host_tools.boards import Board, Partition
from host_tools.errors import CheYouError
from host_tools.flash import identity_part
from host_tools.flash.adapters import AdapterMemory
from host_tools.flash.board_name import board_in
from host_tools.flash.link import Link
from host_tools.flash.ports import Port


def ask(port: Port, adapters: AdapterMemory) -> dict[str, Any]:
    """Chip, flash, MAC, board and terminal of what is on `port`; the board is started again afterwards."""
    with Link.open(port, adapters.rates(port.adapter)) as link:
        found: dict[str, Any] = {"chip": link.chip, "flash_mb": link.flash_bytes >> 20, "mac": link.mac}
        board = board_of(link)
        if board is not None:
            found["board"] = board.name
            name = identity_part.present(link, board).get("id")
            found["terminal"] = name.decode("ascii", "replace") if isinstance(name, bytes) else None
        link.run()
    return found


def board_of(link: Link) -> Board | None:
    """The board whose image is on the flash; None when it is no image of ours. Boards with the same table are told apart."""
    try:
        table = partition_table.decode(link.table[: partition_table.SIZE])
    except CheYouError:
        return None
    fitting = [board for board in fitting_boards(table) if board.chip == link.chip]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    vfs = fitting[0].partition("vfs")
    named = board_in(lambda offset, size: link.read(vfs.offset + offset, size), vfs.size)
    return named if named in fitting else fitting[0]


def fitting_boards(table: list[Partition]) -> list[Board]:
    """The boards that have this partition table."""
    return [b for b in map(boards.load, boards.names()) if sorted(b.partitions, key=lambda p: p.offset) == table]


def require_board(link: Link) -> Board:
    """`board_of`, or `CheYouError`."""
    board = board_of(link)
    if board is None:
        raise CheYouError(
            f"the board on {link.port.device} ({link.mac}) has no partition table of ours", "flash it first: `cheyou flash`"
        )
    return board
