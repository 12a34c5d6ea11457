"""`cheyou demo`: broker, centre and a terminal to key into, all on this machine. `make run` calls it."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from host_tools.toolchain import ROOT, VENV

if TYPE_CHECKING:
    from simulator.board import BenchBoard

_HELP = """\
Key in    {member} # # #    a VIP: the number, then # for "the SMS is right" and # for "redeem"
          {others}
Offline   n pulls the network and n puts it back: what was saved meanwhile arrives by itself
See it    {cheyou} redemptions --data {data}
Centre    {http}/docs · log in {log}
"""


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / "build" / "demo",
    help="Folder for database, flash and logs; the next run goes on from it [build/demo].",
)
def command(data: Path) -> None:
    """Run broker, centre and a simulated terminal, with a demo merchant and members.

    On a terminal each key pressed is one on the keypad. Otherwise each line of input is a run of keys, after which the glass is
    printed, or `n`: network off and on, `p`: power off and on. Ends with the input, or on SIGTERM.
    """
    # Here and not above: `cheyou --help` need not load them.
    from central import demo
    from host_tools.commands._centre import errors
    from host_tools.stand.centre_process import CentreProcess
    from host_tools.stand.kept_terminal import KeptTerminal

    signal.signal(signal.SIGTERM, _end)
    centre = CentreProcess(data, mqtt_port=1883, http_port=8080)
    terminal = KeptTerminal(data, demo.TERMINAL)
    with errors():
        database = centre.database()
        # A database that was deleted learns the key that the terminal still has.
        key = demo.seed(database, terminal.key)
        database.dispose()
    try:
        _say("starting the centre …")
        centre.start()
        with terminal.prepare(key, centre.mqtt_port, centre.http_port) as bench:
            bench.power_on()
            _say(_instructions(data, centre.http_port))
            _interact(bench)
    finally:
        centre.stop()
    _say(f"stopped; {_shown(data)} keeps everything for the next run")


def _interact(bench: BenchBoard) -> None:
    from simulator.text_terminal import TextTerminal

    if sys.stdin.isatty() and sys.stdout.isatty():
        TextTerminal(bench).run()
    else:
        _take_lines(bench, sys.stdin)


def _take_lines(bench: BenchBoard, lines: Iterable[str]) -> None:
    from host_tools.stand import screens
    from host_tools.stand.cashier import Cashier
    from simulator.text_terminal import framed

    cashier = Cashier(bench)
    cashier.wait_started()
    _say("ready")
    network = True
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
        rows = cashier.still(lambda rows: not screens.fits(screens.SCREENS["checking"], rows))
        _say("\n".join(framed(rows)))


def _instructions(data: Path, http_port: int) -> str:
    from central import demo

    first, *members = demo.MEMBERS
    others = [f"{number} {'blocked' if demo.MEMBERS[number][1] else demo.MEMBERS[number][0]}" for number in members]
    return _HELP.format(
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
