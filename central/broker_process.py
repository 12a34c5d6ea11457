"""Starts the embedded broker beside the centre and ends it with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import sys
from pathlib import Path

from central.broker import CENTRE
from central.errors import CentreError
from central.link import Endpoint

_START_S = 20
_AGAIN_S = 0.5

log = logging.getLogger(__name__)


def centre_secret(data: Path, name: str = "broker-secret") -> str:
    """The centre's own broker password, made on first use and kept in ``data``, readable by its owner alone."""
    path = data / name
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        with (
            contextlib.suppress(FileExistsError),
            os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file,
        ):
            file.write(secrets.token_hex(24))
    return path.read_text().strip()


class BrokerProcess:
    """The broker as a child process; ``url`` is the database in which it looks terminals up."""

    def __init__(self, url: str, host: str, port: int, secret: str) -> None:
        self._settings = {"url": url, "host": host, "port": port, "secret": secret}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> Endpoint:
        """Start it and return where the centre connects; `CentreError` when it does not come up."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "central.broker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[1],
            # It hears of our end by the closing pipe; the terminal's interrupt is for us to pass on.
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout  # noqa: S101 - asked for above
        self._process.stdin.write(json.dumps(self._settings).encode() + b"\n")
        host, port = self._settings["host"], self._settings["port"]
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), _START_S)
            port = self._settings["port"] = json.loads(line)["port"]
        except (TimeoutError, ValueError):
            await self.stop()
            raise CentreError(
                f"the embedded broker cannot listen on {host}:{port}", "free the port or give another with --mqtt-port"
            ) from None
        return Endpoint("127.0.0.1" if host in ("", "0.0.0.0") else str(host), port, CENTRE, str(self._settings["secret"]))  # noqa: S104

    async def keep(self) -> None:
        """Start it again whenever it has ended, on the port it had, until cancelled."""
        while self._process:
            code = await self._process.wait()
            log.error("the embedded broker has ended with %s, starting it again", code)
            await asyncio.sleep(_AGAIN_S)
            try:
                await self.start()
            except CentreError as error:
                log.error("%s", error)

    async def stop(self) -> None:
        """End it; waits until it has."""
        if self._process and self._process.returncode is None:
            if self._process.stdin:
                self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
