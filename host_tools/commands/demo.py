"""`cheyou demo`: broker, centre and terminals to key into, here and on a web page, all on this machine. `make run` calls it."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from host_tools import boards
from host_tools.boards import Board
from host_tools.commands import _browser
from host_tools.errors import CheYouError
from host_tools.texts import languages
from host_tools.toolchain import ROOT, VENV

if TYPE_CHECKING:
    from simulator.panel.server import Shown

_BOARDS = ("esp32-devkit-4mb", "esp32-st7920-4mb")
_PORT = 8000
_SIGN_IN = "Sign in   {pins}: at each terminal, before the first member\n"
_HELP = """\
Panel     {panel} shows the terminals: click, touch or type their keys
{sign_in}Key in    {member} # # #    a VIP: the number, then # for "the SMS is right" and # for "redeem"
          {others}
Offline   n (on the page: Network) pulls the network and puts it back: what was saved meanwhile arrives by itself
See it    {cheyou} redemptions --data {data}
Centre    {http}/docs · log in {log}
"""


@click.command()
@click.option(
    "--terminal", "terminals", multiple=True, metavar="BOARD[:LANGUAGE]", default=_BOARDS,
    help="A terminal to show, as often as you like [one on each kind of display].",
)  # fmt: skip
@click.option("--sign-in", is_flag=True, help="Let the demo merchant's cashiers sign in by PIN; which PINs is printed.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Port of the panel, 0 for any [{_PORT}, or the next one free].")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the panel; 0.0.0.0 lets a phone in.")
@click.option("--browser/--no-browser", default=True, help="Show the panel in the desktop's browser, if there is one [yes].")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / "build" / "demo",
    help="Folder for database, flash and logs; the next run goes on from it [build/demo].",
)
def command(terminals: tuple[str, ...], sign_in: bool, port: int | None, host: str, browser: bool, data: Path) -> None:
    """Run broker, centre and simulated terminals with a demo merchant and members; a web page shows the terminals.

    In a text terminal each key pressed is one on the first one's keypad. Otherwise each line of input is a run of keys, after
    which the glass is printed, or `n`: network off and on, `p`: power off and on. Ends with that input, or on SIGTERM.
    """
    chosen = [_board(terminal) for terminal in terminals]
    # Here and not above: `cheyou --help` need not load them.
    from host_tools.commands._centre import errors
    from host_tools.stand.demo_shop import DemoShop
    from simulator.panel.server import PanelServer, free_port

    signal.signal(signal.SIGTERM, _end)
    _say("starting the centre …")
    with (
        errors(),
        DemoShop(data, chosen, sign_in=sign_in) as shop,
        PanelServer(shop.terminals, host, free_port(host, _PORT) if port is None else port) as panel,
    ):
        for terminal in shop.terminals:
            terminal.bench.power_on()
        _say(_instructions(data, shop.centre.http_port, panel.url, sign_in))
        if browser:
            _browser.show(panel.url)
        _interact(shop.terminals[0])
    _say(f"stopped; {_shown(data)} keeps everything for the next run")


def _board(terminal: str) -> Board:
    name, _, language = terminal.partition(":")
    board = boards.load(name)
    if not language:
        return board
    if language not in languages():
        raise CheYouError(f"there are no texts in {language!r}", f"choose one of: {', '.join(languages())}")
    return replace(board, display=replace(board.display, language=language))


def _interact(terminal: Shown) -> None:
    from simulator.text_terminal import TextTerminal

    if sys.stdin.isatty() and sys.stdout.isatty():
        TextTerminal(terminal.bench).run()
    elif not _take_lines(terminal, sys.stdin):
        # Started without any input, in the background: somebody looks at the page.
        threading.Event().wait()


def _take_lines(terminal: Shown, lines: Iterable[str]) -> bool:
    """Carry out `lines`; whether there was one."""
    from host_tools.stand.cashier import Cashier
    from host_tools.stand.screens import Words
    from simulator.text_terminal import framed

    bench, display = terminal.bench, terminal.board.display
    words = Words(display.language, display.kind)
    cashier = Cashier(bench, words=words)
    cashier.start_work()
    _say("ready")
    network = True
    line = ""
    for line in lines:
        keys = line.replace(" ", "").strip()
        if keys == "n":
            network = not network
            bench.network(network)
            _say(f"network {'on' if network else 'off'}")
            continue
        if keys == "p":
            if bench.powered():
                bench.power_cut()
            else:
                bench.power_on()
            _say(f"power {'on' if bench.powered() else 'off'}")
            continue
        try:
            cashier.keys(keys)
        except ValueError as fault:
            _say(str(fault))
            continue
        rows = cashier.still(lambda rows: not words.fits(words.screens["checking"], rows))
        _say("\n".join(framed(rows)))
    return bool(line)


def _instructions(data: Path, http_port: int, panel: str, sign_in: bool) -> str:
    from central import demo

    first, *members = demo.MEMBERS
    others = [f"{number} {'blocked' if demo.MEMBERS[number][1] else demo.MEMBERS[number][0]}" for number in members]
    pins = " or ".join(f"{pin} # (cashier {number})" for number, pin in demo.CASHIERS.items())
    return _HELP.format(
        sign_in=_SIGN_IN.format(pins=pins) if sign_in else "",
        panel=panel,
        http=f"http://127.0.0.1:{http_port}",
        log=_shown(data / "centre.log"),
        member=first,
        others=" · ".join([*others, f"{demo.NOT_A_MEMBER} no member"]),
        data=_shown(data),
        cheyou="cheyou" if shutil.which("cheyou") else _shown(VENV / "bin" / "cheyou"),
    )


def _shown(path: Path) -> Path:
    """A path as short as it can be typed from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _say(text: str) -> None:
    print(text, flush=True)


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)
