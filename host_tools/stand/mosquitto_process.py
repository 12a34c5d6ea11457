"""A Mosquitto with generated password and access files, which can be stopped and started again on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from central import mosquitto
from central.broker import CENTRE
from central.broker_process import centre_secret
from central.database import Database
from host_tools import toolchain
from host_tools.errors import CheYouError
from host_tools.stand.ports import lasting_port

_START_S = 10


class MosquittoProcess:
    """Its files lie in `folder`. `admit` writes them from a registry of terminals; call it before `start`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = lasting_port()
        self._program = toolchain.mosquitto()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def centre_url(self) -> str:
        return f"mqtt://{CENTRE}@127.0.0.1:{self.port}"

    @property
    def centre_password(self) -> str:
        return centre_secret(self._folder, "centre-password")

    def admit(self, database: Database) -> None:
        """Let in the terminals of this registry, as `cheyou central broker-files` does; a running broker hears of it."""
        with database.read() as connection:
            mosquitto.write(connection, self._folder, self.centre_password, "127.0.0.1", self.port)
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    def start(self) -> None:
        """Start it and return when it listens."""
        configuration = self._folder / "mosquitto.conf"
        # Started by root it would become another user, who may not read the passwords.
        user = "user root\n" if os.geteuid() == 0 else ""
        configuration.write_text(user + (self._folder / "cheyou.conf").read_text())
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", configuration], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.stop()
        raise CheYouError("Mosquitto does not start", f"read {self._folder / 'mosquitto.log'}")

    def stop(self) -> None:
        """End it at once; every connection breaks. Harmless when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
