"""`cheyou central`: run the central service."""

from __future__ import annotations

import json
import logging
import os
import urllib.error
import urllib.request
from pathlib import Path

import click

from central import audit, catalog, directory
from central import tokens as api_tokens
from central.database import Database
from host_tools.commands._centre import database_url, errors, on_database, place_options, shown_time
from host_tools.errors import CheYouError
from host_tools.listing import json_option, show


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


@command.command()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The centre's HTTP interface.")
@json_option
def health(url: str, as_json: bool) -> int:
    """Ask a running centre whether it can do its work; exit code 1 and what is wrong when it can't."""
    try:
        with urllib.request.urlopen(url.rstrip("/") + "/healthz", timeout=10) as answer:  # noqa: S310 - the operator's own URL
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error)
    except (OSError, ValueError) as error:
        raise CheYouError(
            f"no centre answers at {url}: {error}", "start it with `cheyou central serve`, or name it with --url"
        ) from None
    click.echo(json.dumps(said, ensure_ascii=False) if as_json else "\n".join(said["faults"]) or "all is well")
    return 0 if said["ok"] else 1


@command.command()
@place_options
def upgrade(data: Path, db: str | None) -> None:
    """Bring the database of an older release up to this one; stop the centre and keep a copy first.

    All of it happens, or nothing.
    """
    from central import migration

    with errors():
        database = Database(database_url(data, db))
        try:
            before, after = migration.upgrade(database)
        finally:
            database.dispose()
    click.echo(f"the database has revision {after}" + ("" if before == after else f" now, it had {before}"))


@command.command("broker-files")
@on_database
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write into.")
@click.option("--listen", default="0.0.0.0", show_default=True, help="Address Mosquitto shall listen on.")  # noqa: S104
@click.option("--port", default=1883, show_default=True, help="Port Mosquitto shall listen on.")
def broker_files(database: Database, out: Path, listen: str, port: int) -> None:
    """Write passwd, acl and configuration for Mosquitto from the registry of terminals.

    The centre logs in as `centre` with the password in OUT/centre-password, which `serve --broker-password-file` reads.
    """
    from central import mosquitto
    from central.broker_process import centre_secret

    with database.read() as connection:
        count = mosquitto.write(connection, out, centre_secret(out, "centre-password"), listen, port)
    click.echo(f"{count} terminals; start it with `mosquitto -c {out}/cheyou.conf`, after a change send it SIGHUP")


@command.command()
@on_database
@click.argument("name", required=False)
@click.argument("value", required=False)
@json_option
def settings(database: Database, name: str | None, value: str | None, as_json: bool) -> None:
    """Show the operator's settings, or set NAME to VALUE (JSON, as in `grace_hours 12` or `prefixes '["130","131"]'`)."""
    if name and value:
        try:
            parsed = json.loads(value)
        except ValueError:
            raise click.UsageError(f"{value!r} is not JSON") from None
        with database.write() as connection:
            catalog.set_property(connection, name, parsed, audit.operator())
        return
    with database.read() as connection:
        held = directory.load(connection).properties
    rows = [{"name": key, "value": held[key]} for key in directory.PROPERTY_DEFAULTS if name in (None, key)]
    if not as_json:
        rows = [row | {"value": json.dumps(row["value"], ensure_ascii=False)} for row in rows]  # as it would be set
    show(rows, {"name": "setting", "value": "value"}, as_json)


@command.command()
@on_database
@json_option
def tokens(database: Database, as_json: bool) -> None:
    """List the tokens for the HTTP interface."""
    with database.read() as connection:
        rows = api_tokens.listing(connection)
    show(
        [row | {"created": shown_time(row["created_at"]), "revoked": shown_time(row["revoked_at"])} for row in rows],
        {"name": "name", "created": "made", "revoked": "revoked"},
        as_json,
    )


@command.command("add-token")
@on_database
@click.argument("name")
def add_token(database: Database, name: str) -> None:
    """Make a token for the HTTP interface; it is shown this once."""
    with database.write() as connection:
        click.echo(api_tokens.make(connection, name, audit.operator()))


@command.command("revoke-token")
@on_database
@click.argument("name")
def revoke_token(database: Database, name: str) -> None:
    """End a token."""
    with database.write() as connection:
        api_tokens.revoke(connection, name, audit.operator())
