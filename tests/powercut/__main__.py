"""`make powercut`: cut the power at every flash operation of every scenario, and say what became of the promises."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from host_tools import bench_file
from tests.powercut import catalogue, firmware_day
from tests.powercut.cuts import Cut
from tests.powercut.engine import FAULTS, Tally, campaign, replay


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make powercut", description=__doc__)
    parser.add_argument("scenario", nargs="*", help="names of scenarios (default: all, and the figures go to build/bench.json)")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--replay", metavar="SCENARIO:CUT[,CUT]", help="play one failure again, with its traceback")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one for each processor)")
    options = parser.parse_args(arguments)
    if options.list:
        for scenario in catalogue.SCENARIOS:
            print(f"{scenario.name:20} {'pairs of cuts' if scenario.pairs else ''}")
        print(f"{firmware_day.NAME:20} the whole firmware, in the simulator")
        return 0
    try:
        if options.replay:
            return _replay(options.replay)
        chosen = options.scenario or [firmware_day.NAME, *(scenario.name for scenario in catalogue.SCENARIOS)]
        for name in chosen:
            if name != firmware_day.NAME:
                catalogue.find(name)
    except (KeyError, ValueError) as error:
        print(f"powercut: {error.args[0]}; see `make powercut LIST=1`", file=sys.stderr)
        return 2
    started = time.monotonic()
    if firmware_day.NAME in chosen:
        _record_day()
    tallies = _run(chosen, max(1, options.jobs))
    total = _table(tallies)
    print(f"{total.points} cut points in {time.monotonic() - started:.0f} s, {sum(total.faults.values())} promises broken")
    for failure in total.failures:
        print(failure)
    if not options.scenario:
        figures = {f"powercut_{kind}": bench_file.figure(total.faults[kind], "") for kind in FAULTS}
        bench_file.merge({"powercut_points": bench_file.figure(total.points, ""), **figures})
    return 1 if total.faults else 0


def _record_day(tries: int = 3) -> None:
    """On a machine too busy to scan a keypad every few milliseconds a day can go wrong; then it is lived once more."""
    for left in reversed(range(tries)):
        try:
            with tempfile.TemporaryDirectory(prefix="powercut-") as folder:
                return firmware_day.record(Path(folder)).save()
        except (TimeoutError, AssertionError):
            if not left:
                raise
    return None


def _share(name: str, share: int, shares: int) -> tuple[str, Tally]:
    if name == firmware_day.NAME:
        return name, firmware_day.campaign(firmware_day.Day.load(), share, shares)
    return name, campaign(catalogue.find(name), share, shares)


def _run(names: list[str], jobs: int) -> dict[str, Tally]:
    tallies = {name: Tally() for name in names}
    shares = 4 * jobs
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(_share, name, share, shares) for name in names for share in range(shares)]
        for done, future in enumerate(as_completed(waiting), 1):
            name, tally = future.result()
            tallies[name].add(tally)
            if sys.stderr.isatty():
                print(f"\r{done} of {len(waiting)}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return tallies


def _table(tallies: dict[str, Tally]) -> Tally:
    total = Tally()
    print(f"{'scenario':20} {'operations':>10} {'points':>8} {'pairs':>8} {'':1}" + "".join(f"{kind:>12}" for kind in FAULTS))
    for name, tally in (*tallies.items(), ("all", total)):
        if tally is not total:
            total.add(tally)
        counts = "".join(f"{tally.faults[kind]:>12}" for kind in FAULTS)
        print(f"{name:20} {tally.operations:>10} {tally.points:>8} {tally.pairs:>8}  {counts}")
    return total


def _replay(text: str) -> int:
    name, _, rest = text.partition(":")
    cuts = tuple(Cut.parse(cut) for cut in rest.split(","))
    if name == firmware_day.NAME:
        failure = firmware_day.replay(firmware_day.Day.load(), cuts[0])
    else:
        failure = replay(catalogue.find(name), cuts)
    print(failure or "kept: no promise broken")
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
