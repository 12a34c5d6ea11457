"""Runs the centre: database, broker, service and HTTP in one process, until it is told to stop.

SIGTERM and SIGINT end it in order: what has been heard is written, then connections close. A SIGKILL loses nothing that was
called received: receipts follow commits.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from central.broker_process import BrokerProcess, centre_secret
from central.database import Database
from central.errors import CentreError
from central.http.app import create_app
from central.link import Endpoint
from central.service import Service

log = logging.getLogger(__name__)

EMBEDDED = "embedded"
_CONNECT_S = 15


@dataclass(frozen=True)
class Options:
    """What `cheyou central serve` can be told. Ports may be 0: any free one."""

    data: Path
    db: str
    broker: str = EMBEDDED
    broker_password: str | None = None
    host: str = "127.0.0.1"
    mqtt_port: int = 1883
    http_port: int = 8080


def serve(options: Options, ready: Callable[[str], None] = print) -> None:
    """Serve until a signal; ``ready`` gets one line once checks are answered. `CentreError` when it cannot start."""
    # The writer's thread shares the interpreter with checks: the default 5 ms a turn is most of what a check may take.
    sys.setswitchinterval(0.001)
    asyncio.run(_serve(options, ready))


async def _serve(options: Options, ready: Callable[[str], None]) -> None:
    database = Database(options.db)
    database.create()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    embedded: BrokerProcess | None = None
    if options.broker == EMBEDDED:
        secret = centre_secret(options.data)
        url = database.url.render_as_string(hide_password=False)
        embedded = BrokerProcess(url, options.host, options.mqtt_port, secret)
        endpoint = await embedded.start()
    else:
        endpoint = Endpoint.parse(options.broker, options.broker_password)
    service = Service(database, endpoint)
    server = uvicorn.Server(
        uvicorn.Config(create_app(service), host=options.host, port=options.http_port, log_level="warning", lifespan="off")
    )
    # Signals are ours: uvicorn must not take them away.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    running = [asyncio.create_task(service.run()), asyncio.create_task(_http(server, options))]
    if embedded:
        running.append(asyncio.create_task(embedded.keep()))
    stopping = asyncio.create_task(_wait(stop))
    try:
        await _until_ready(service, server, endpoint, [*running, stopping])
        _raise_ended(running)
        # What is there now stays: the collector need not walk through it again while a check waits.
        gc.collect()
        gc.freeze()
        if not stop.is_set():
            ready(_readiness(options, endpoint, server, database))
        await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
        _raise_ended(running)
    finally:
        server.should_exit = True
        for task in (running[0], *running[2:], stopping):
            task.cancel()
        await asyncio.gather(*running, stopping, return_exceptions=True)
        if embedded:
            await embedded.stop()
        database.dispose()


def _raise_ended(running: list[asyncio.Task[None]]) -> None:
    """Parts run for ever: one that has ended takes the centre down, with its own words where it has any."""
    for task in running:
        if task.done():
            task.result()
            raise CentreError("a part of the centre has stopped", "look at the log above and start it again")


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _http(server: uvicorn.Server, options: Options) -> None:
    try:
        await server.serve()
    except SystemExit:  # uvicorn's way of saying that the port is taken
        raise CentreError(
            f"HTTP cannot listen on {options.host}:{options.http_port}", "free the port or give another with --http-port"
        ) from None


async def _until_ready(service: Service, server: uvicorn.Server, endpoint: Endpoint, parts: list[asyncio.Task[None]]) -> None:
    deadline = asyncio.get_running_loop().time() + _CONNECT_S
    while not (service.link.up.is_set() and server.started):
        for part in parts:
            if part.done():
                return
        if asyncio.get_running_loop().time() > deadline:
            if not server.started:
                raise CentreError("HTTP does not start", "look at the log above")
            # Not fatal: terminals decide alone and keep their records until the broker is back.
            log.warning("no broker at %s:%d yet, going on trying", endpoint.host, endpoint.port)
            return
        await asyncio.sleep(0.02)


def _readiness(options: Options, endpoint: Endpoint, server: uvicorn.Server, database: Database) -> str:
    http = server.servers[0].sockets[0].getsockname()[1]
    kind = " (embedded)" if options.broker == EMBEDDED else ""
    return (
        f"centre ready: MQTT {endpoint.host}:{endpoint.port}{kind}, HTTP http://{options.host}:{http}, "
        f"database {database.url.render_as_string(hide_password=True)}"
    )
