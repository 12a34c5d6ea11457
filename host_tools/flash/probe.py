"""Who is on a port: chip, flash, and the terminal it is, if it is one of ours."""

from __future__ import annotations

from typing import Any

from host_tools import boards, partition_table
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash import identity_part
from host_tools.flash.adapters import AdapterMemory
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
    """The board whose partition table is on the flash, the first of several; None when it is no table of ours."""
    try:
        table = partition_table.decode(link.table[: partition_table.SIZE])
    except CheYouError:
        return None
    for name in boards.names():
        board = boards.load(name)
        if board.chip == link.chip and sorted(board.partitions, key=lambda p: p.offset) == table:
            return board
    return None


def require_board(link: Link) -> Board:
    """`board_of`, or `CheYouError`."""
    board = board_of(link)
    if board is None:
        raise CheYouError(
            f"the board on {link.port.device} ({link.mac}) has no partition table of ours", "flash it first: `cheyou flash`"
        )
    return board
