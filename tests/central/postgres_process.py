"""A real PostgreSQL server for the centre's tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

_START_S = 30


class PostgresProcess:
    """A PostgreSQL server of its own in a temporary folder, reached over TCP on the loopback interface."""

    def __init__(self, programs: Path) -> None:
        # It refuses to run as root, and its user must reach the folder: not below pytest's private one.
        self._user: dict[str, Any] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="cheyou-postgres-", dir="/tmp"))
        if os.getuid() == 0:
            account = next(name for name in ("postgres", "nobody") if _has_user(name))
            self._user = {"user": account, "group": pwd.getpwnam(account).pw_gid}
            shutil.chown(self.folder, account, pwd.getpwnam(account).pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._programs = programs
        self._run([programs / "initdb", "-D", self.folder / "data", "-U", "cheyou", "-A", "trust", "-E", "UTF8", "--locale=C"])
        self._databases = 0
        self.process = self._start()

    def _run(self, command: list[Any]) -> None:
        subprocess.run([str(part) for part in command], check=True, capture_output=True, cwd=self.folder, **self._user)

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-h", "127.0.0.1",
                 "-k", str(self.folder)],
                stdout=log, stderr=log, cwd=self.folder, **self._user,
            )  # fmt: skip
        wait_for_port(self.port)
        deadline = time.monotonic() + _START_S
        while not self._answers():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        return process

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(f"host=127.0.0.1 port={self.port} user=cheyou dbname=postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def database(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        self._databases += 1
        name = f"centre_{self._databases}"
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=cheyou dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return f"postgresql://cheyou@127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)

    def start(self) -> None:
        """Start it again on the same port with the same data."""
        self.process = self._start()

    def remove(self) -> None:
        """End it and delete its data."""
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for_port(port: int) -> None:
    """Return once something accepts connections."""
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on {port}"
            time.sleep(0.02)


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
