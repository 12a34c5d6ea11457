"""Serves the panel from a thread of its own, beside whatever runs the boards."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvicorn

from host_tools.boards import Board
from host_tools.errors import CheYouError
from simulator.board import BenchBoard
from simulator.panel.app import Panel
from simulator.panel.feed import Feed

_START_S = 10.0
_TRIES = 50


@dataclass(frozen=True)
class Shown:
    """A terminal to show: its id, the board file, the board on the bench (which may be off)."""

    name: str
    board: Board
    bench: BenchBoard


def free_port(host: str, first: int) -> int:
    """The first port from `first` on that nothing listens on; 0, any, when all of the next 50 are taken."""
    for port in range(first, first + _TRIES):
        with contextlib.suppress(OSError), socket.create_server((host, port)):
            return port
    return 0


class PanelServer:
    """`with PanelServer([Shown(...)]) as panel: print(panel.url)`. Port 0 takes any free one."""

    def __init__(self, terminals: Sequence[Shown], host: str = "127.0.0.1", port: int = 0) -> None:
        feeds = [
            Feed(number, shown.name, shown.board.title, shown.board.keypad.layout, shown.bench)
            for number, shown in enumerate(terminals)
        ]
        try:
            self._socket = socket.create_server((host, port))
        except OSError as fault:
            raise CheYouError(f"nothing can listen on {host}:{port}: {fault.strerror}", "choose another --port") from None
        config = uvicorn.Config(Panel(feeds).app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="panel", daemon=True)
        shown_host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
        self.url = f"http://{shown_host}:{self._socket.getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + _START_S
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not self._server.started:
            raise CheYouError("the panel does not start", "run again with CHEYOU_TRACEBACK=1 and report what it prints")
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye to the browsers. Harmless when done twice."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
