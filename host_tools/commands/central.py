"""`cheyou central`: run the central service."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from host_tools.commands._centre import database_url, errors, place_options


@click.group()
def command() -> None:
    """Run the central service."""


@command.command()
@place_options
@click.option(
    "--broker",
    default="embedded",
    show_default=True,
    metavar="URL",
    help="MQTT broker: embedded, or mqtt://USER@HOST:PORT with the password in CHEYOU_BROKER_PASSWORD or a file.",
)
@click.option(
    "--broker-password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="File with the password."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, for HTTP and the embedded broker.")
@click.option("--mqtt-port", default=1883, show_default=True, help="Port of the embedded broker; 0: any free one.")
@click.option("--http-port", default=8080, show_default=True, help="Port for HTTP; 0: any free one.")
def serve(
    data: Path,
    db: str | None,
    broker: str,
    broker_password_file: Path | None,
    host: str,
    mqtt_port: int,
    http_port: int,
) -> None:
    """Answer checks, take in records, publish settings and lists; prints one line when ready, ends on SIGTERM."""
    from central.serve import Options
    from central.serve import serve as run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    password = os.environ.get("CHEYOU_BROKER_PASSWORD")
    if broker_password_file:
        password = broker_password_file.read_text().strip()
    with errors():
        run(Options(data, database_url(data, db), broker, password, host, mqtt_port, http_port), _say)


def _say(line: str) -> None:
    click.echo(line)
