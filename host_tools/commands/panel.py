"""`cheyou panel`: terminals on a web page, with all that stands behind them."""

from __future__ import annotations

import signal
import threading
import webbrowser
from dataclasses import replace
from pathlib import Path

import click

from host_tools import boards
from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.texts import languages
from host_tools.toolchain import ROOT

_DEFAULT = ("esp32-devkit-4mb", "esp32-st7920-4mb")


@click.command()
@click.option(
    "--terminal", "terminals", multiple=True, metavar="BOARD[:LANGUAGE]", default=_DEFAULT,
    help="A terminal to show, as often as you like [one on each kind of display].",
)  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port of the page; 0 for any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 lets a phone in.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=ROOT / "build" / "panel",
    help="Folder for database, flash and logs; the next run goes on from it [build/panel].",
)  # fmt: skip
@click.option("--open/--no-open", "opened", default=True, help="Open the page in the browser [yes].")
def command(terminals: tuple[str, ...], port: int, host: str, data: Path, opened: bool) -> None:
    """Show simulated terminals on a web page, with broker, centre, a demo merchant and members. Ends on Ctrl-C."""
    chosen = [_board(terminal) for terminal in terminals]
    # Here and not above: `cheyou --help` need not load them.
    from central import demo
    from host_tools.commands._centre import errors
    from host_tools.stand.demo_shop import DemoShop
    from simulator.panel.server import PanelServer

    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda _number, _frame: ended.set())
    click.echo("starting the centre …")
    with errors(), DemoShop(data, chosen) as shop, PanelServer(shop.terminals, host, port) as panel:
        for terminal in shop.terminals:
            terminal.bench.power_on()
        click.echo(f"panel    {panel.url}")
        click.echo(f"centre   http://127.0.0.1:{shop.centre.http_port}/docs")
        for number, (tier, blocked) in demo.MEMBERS.items():
            click.echo(f"member   {number}  {'blocked' if blocked else tier}")
        if opened:
            webbrowser.open(panel.url)
        ended.wait()


def _board(terminal: str) -> Board:
    name, _, language = terminal.partition(":")
    board = boards.load(name)
    if not language:
        return board
    if language not in languages():
        raise CheYouError(f"there are no texts in {language!r}", f"choose one of: {', '.join(languages())}")
    return replace(board, display=replace(board.display, language=language))
