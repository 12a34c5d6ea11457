"""What the commands of the centre share: where its data lies, and its errors in the command line's words."""

from __future__ import annotations

import contextlib
import datetime
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from central.database import Database
from central.errors import CentreError
from host_tools.errors import CheYouError

_Command = TypeVar("_Command", bound=Callable[..., Any])
DEFAULT_DATA = Path("run/central")
CST = datetime.timezone(datetime.timedelta(hours=8))


def place_options(command: _Command) -> _Command:
    """Decorator: `--data` and `--db`, which arrive as `data` and `db`."""
    command = click.option(
        "--db",
        envvar="CHEYOU_DB",
        help="Database: sqlite:///FILE or postgresql://… (default: centre.db in the data folder; CHEYOU_DB).",
    )(command)
    return click.option(
        "--data",
        envvar="CHEYOU_DATA",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT_DATA,
        show_default=True,
        help="Folder of the centre's files (CHEYOU_DATA).",
    )(command)


def database_url(data: Path, db: str | None) -> str:
    """The database that `--data` and `--db` name."""
    return db or f"sqlite:///{(data / 'centre.db').absolute()}"


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """Turns the centre's errors into the command line's."""
    try:
        yield
    except CentreError as error:
        raise CheYouError(error.message, error.next_step) from error


def on_database(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `--data` and `--db`; the command gets the open `Database` as its first argument."""

    @functools.wraps(command)
    def opened(data: Path, db: str | None, **arguments: Any) -> Any:
        with errors():
            database = Database(database_url(data, db))
            database.create()
            try:
                return command(database, **arguments)
            finally:
                database.dispose()

    return place_options(opened)


def moment(text: str | None) -> int | None:
    """Unix seconds of a time as people write it (China Standard Time unless it says otherwise); None for None."""
    if text is None:
        return None
    try:
        parsed = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is no time; write 2026-11-22 or 2026-11-22T14:32") from None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=CST)).timestamp())


def shown_time(unix: int | None) -> str | None:
    """Unix seconds as China Standard Time."""
    return None if unix is None else datetime.datetime.fromtimestamp(unix, CST).strftime("%Y-%m-%d %H:%M:%S")
