"""The demo as a whole: broker, centre, and as many terminals as boards are asked for, all of them members of one merchant."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from central import demo, registry, schema
from central.database import Database
from host_tools.boards import Board
from host_tools.stand.centre_process import CentreProcess
from host_tools.stand.kept_terminal import KeptTerminal
from simulator.panel.server import Shown

_WHO = "demo"


class DemoShop:
    """`with DemoShop(folder, boards) as shop:` `shop.terminals` are provisioned and switched off; the folder keeps everything.

    With `sign_in` a cashier has to sign in at each.
    """

    def __init__(
        self,
        data: Path,
        boards: Sequence[Board],
        mqtt_port: int | None = 1883,
        http_port: int | None = 8080,
        sign_in: bool = False,
    ) -> None:
        self.centre = CentreProcess(data, mqtt_port=mqtt_port, http_port=http_port)
        self.terminals: list[Shown] = []
        self._boards = boards
        self._sign_in = sign_in
        self._open = ExitStack()

    def __enter__(self) -> Self:
        # T0001 on one board is other hardware than T0001 on the next: each has a folder of its own.
        kept = [
            KeptTerminal(self.centre.data / f"{number}-{board.name}-{board.display.language}", _name(number), board)
            for number, board in enumerate(self._boards, 1)
        ]
        database = self.centre.database()
        keys = [_enrolled(database, _name(number), terminal.key) for number, terminal in enumerate(kept, 1)]
        demo.staff(database, self._sign_in)
        with database.read() as connection:
            epochs = [max(registry.epochs_of(connection, _name(number))) for number in range(1, len(kept) + 1)]
        database.dispose()
        try:
            self._open.callback(self.centre.stop)
            self.centre.start()
            for number, (terminal, key, epoch, board) in enumerate(zip(kept, keys, epochs, self._boards, strict=True), 1):
                bench = terminal.prepare(key, self.centre.mqtt_port, self.centre.http_port, epoch)
                self._open.enter_context(bench)
                self.terminals.append(Shown(_name(number), board, bench))
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._open.close()


def _name(number: int) -> str:
    return f"T{number:04d}"


def _enrolled(database: Database, name: str, key: bytes | None) -> bytes:
    """Make the demo's merchant, members and this terminal if they are not there; the terminal's key, `key` for a new one."""
    if name == demo.TERMINAL:
        return demo.seed(database, key)
    with database.write() as connection:
        table = schema.terminals
        if connection.scalar(sa.select(table.c.id).where(table.c.id == name)) is None:
            registry.add(connection, name, demo.MERCHANT, _WHO, key)
            registry.set_state(connection, name, "issued", _WHO)
        return registry.key_of(connection, name)
