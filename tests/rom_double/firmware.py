"""What was written to a double, running: the simulated board boots from the double's own flash, with a console."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.boards import Board
from simulator.board import BenchBoard
from simulator.firmware_process import FirmwareProcess
from tests.rom_double.running import MicroPythonConsole

HERE = Path(__file__).with_name("on_device")


class SimulatedBoard(MicroPythonConsole):
    """A `Running`: from a reset to the next, a `BenchBoard` on the double's flash. `bench` is None while there is none.

    Its keys are pressed and its glass is read as on any `BenchBoard`; `when_on(bench)` is called at each start. Not imitated: the
    stock firmware's REPL is not on MicroPython's heap, here it is, so the heap is larger than a board's.
    """

    def __init__(self, board: Board, workdir: Path, mac: str, *, heap: str = "256K") -> None:
        super().__init__([])
        self._board = board
        self._workdir = workdir
        self._mac = bytes.fromhex(mac.replace(":", ""))
        self._heap = heap
        self.bench: BenchBoard | None = None
        self.when_on: Callable[[BenchBoard], None] = lambda bench: None

    def start(self, flash: Path) -> None:
        self.stop()
        console = self

        class ConsoleProcess(FirmwareProcess):
            """The same, but standard input and output are the board's serial line, and the REPL follows main.py."""

            INSTEAD = (str(HERE), "console")

            def _spawn(self, command: list[str], options: dict[str, Any], log: Path) -> subprocess.Popen[bytes]:
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0, **options
                )
                console.connect(process, log)
                return process

        self.bench = BenchBoard(
            None, self._board, self._workdir, fast=True, heap=self._heap, mac=self._mac, flash_file=flash, process=ConsoleProcess
        )
        self.bench.power_on()
        self.when_on(self.bench)

    def stop(self) -> None:
        bench, self.bench = self.bench, None
        if bench is not None:
            bench.close()
        super().stop()
