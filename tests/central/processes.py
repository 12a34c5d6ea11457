"""The real programs that the centre's tests start: the centre itself, Mosquitto, PostgreSQL."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from central import mosquitto, registry
from central.broker_process import centre_secret
from central.database import Database

CHEYOU = Path(sys.executable).with_name("cheyou")
_START_S = 30


class CentreProcess:
    """`cheyou central serve` as a process of its own, started on free ports and ready when the constructor returns."""

    def __init__(
        self,
        data: Path,
        db: str | None = None,
        broker: str | None = None,
        password: str | None = None,
        fault: str | None = None,
        mqtt_port: int = 0,
        http_port: int = 0,
    ) -> None:
        command = [str(CHEYOU), "central", "serve", "--data", str(data), "--http-port", str(http_port)]
        command += ["--broker", broker] if broker else ["--mqtt-port", str(mqtt_port)]
        environment = {**os.environ}
        for name, value in (("CHEYOU_DB", db), ("CHEYOU_BROKER_PASSWORD", password), ("CHEYOU_FAULT", fault)):
            environment.pop(name, None)
            if value:
                environment[name] = value
        data.mkdir(parents=True, exist_ok=True)
        self.log = data / "centre.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=environment, text=True, cwd=Path(__file__).parents[2]
            )
        assert self.process.stdout
        self.line = self.process.stdout.readline()
        ready = re.search(r"MQTT ([^ ]+):(\d+).*HTTP (http://[^,]+)", self.line)
        assert ready, f"not ready: {self.line!r} {self.log.read_text()[-2000:]}"
        self.mqtt_port = int(ready[2])
        self.url = ready[3]

    def kill(self) -> None:
        """SIGKILL, as a power cut."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(15)


class MosquittoProcess:
    """Mosquitto with the files that `cheyou central broker-files` writes for a registry."""

    def __init__(self, program: Path, database: Database, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.secret = centre_secret(folder, "centre-password")
        self._program = program
        self._write_files(database)
        self.process = self._start()

    def _write_files(self, database: Database) -> None:
        with database.read() as connection:
            mosquitto.write(connection, self.folder, self.secret, "127.0.0.1", self.port)
        # As root it would change to a user of its own, which could not read the files.
        with (self.folder / "cheyou.conf").open("a") as conf:
            conf.write(f"user {pwd.getpwuid(os.getuid()).pw_name}\n")

    def reload(self, database: Database) -> None:
        """Write the files anew from the registry and have it read them, as an operator would."""
        self._write_files(database)
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "mosquitto.log").open("ab") as log:
            process = subprocess.Popen([self._program, "-c", self.folder / "cheyou.conf"], stdout=log, stderr=log)
        wait_for_port(self.port)
        return process

    @property
    def url(self) -> str:
        """What `--broker` takes."""
        return f"mqtt://centre@127.0.0.1:{self.port}"

    def restart(self) -> None:
        """Kill it and start it again on the same port."""
        self.process.kill()
        self.process.wait(10)
        self.process = self._start()

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)


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


def add_terminals(database: Database, names: list[str], merchant: str) -> dict[str, bytes]:
    """Register terminals; their keys by id."""
    with database.write() as connection:
        return {name: registry.add(connection, name, merchant, "test") for name in names}


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
