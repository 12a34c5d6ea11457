"""`cheyou central serve` as a process of its own, which can be stopped, killed and started again on the same ports."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

from central.database import Database
from host_tools.errors import CheYouError
from host_tools.stand.mosquitto_process import MosquittoProcess
from host_tools.stand.ports import lasting_port
from host_tools.toolchain import ROOT

# By module and not by path: whichever environment this process runs in.
CHEYOU = (sys.executable, "-c", "from host_tools.cli import main; main()")
_START_S = 60
_STOP_S = 15


class CentreProcess:
    """The centre over the files in `data`, with the embedded broker unless `broker` is one. `log` gets what it says.

    Ports are those preferred where they are free; `db` is the URL of its database [that of CHEYOU_DB, else a file in `data`].
    """

    def __init__(
        self,
        data: Path,
        broker: MosquittoProcess | None = None,
        mqtt_port: int | None = None,
        http_port: int | None = None,
        db: str | None = None,
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.log = data / "centre.log"
        self.broker = broker
        self.db = db or os.environ.get("CHEYOU_DB") or f"sqlite:///{(data / 'centre.db').absolute()}"
        self.mqtt_port = broker.port if broker else lasting_port(mqtt_port)
        self.http_port = lasting_port(http_port)
        self._process: subprocess.Popen[str] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def database(self) -> Database:
        """The centre's database, made if it is not there; `dispose` it after use."""
        database = Database(self.db)
        database.create()
        return database

    def start(self, fault: str = "") -> None:
        """Start it and return when it answers checks; `CheYouError` when it does not come up.

        `fault` names a point of central/faults.py at which it is to die.
        """
        self.kill()
        command = [*CHEYOU, "central", "serve", "--data", str(self.data), "--http-port", str(self.http_port)]
        # A database's URL may hold a password, which is nobody's business on a command line.
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "CHEYOU_FAULT": fault, "CHEYOU_DB": self.db}
        if self.broker:
            command += ["--broker", self.broker.centre_url]
            environment["CHEYOU_BROKER_PASSWORD"] = self.broker.centre_password
        else:
            command += ["--mqtt-port", str(self.mqtt_port)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        self._process = process
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_read, args=(process, lines), daemon=True).start()
        try:
            ready = lines.get(timeout=_START_S)
        except queue.Empty:
            ready = ""
        if not ready:
            self.kill()
            raise CheYouError(f"the centre does not start: {self._last_word()}", f"read {self.log}")

    def stop(self) -> None:
        """SIGTERM: it writes what it has heard and closes. Harmless when it is not running."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def wait(self, timeout: float) -> int:
        """The exit status of one that ends by itself; a signal's number is negative."""
        assert self._process is not None  # noqa: S101 - only of one that was started
        return self._process.wait(timeout)

    def _last_word(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")


def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None  # noqa: S101 - asked for above
    with process.stdout as said:
        for line in said:
            lines.put(line)
    lines.put("")
