"""`make chaos`: a campaign of outages drawn from a seed, and what became of the promises."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from host_tools import bench_file, boards
from host_tools.stand.terminal import BOARD, image
from tests.chaos import drain, plan
from tests.chaos.campaign import Campaign, Options, Result
from tests.chaos.stand import Stand

TARGET = 100_000


def play(options: Options, folder: Path, say: Callable[[str], None] = lambda line: None) -> Result:
    """One campaign in `folder`."""
    names = [f"C{number:04d}" for number in range(options.terminals + options.tills)]

    if options.tills:
        image(boards.load(BOARD))  # by one thread, for all of them

    async def campaign() -> Result:
        with Stand(folder, names, options.seed, options.postgres) as stand:
            return await Campaign(options, stand, folder, say).run()

    return asyncio.run(campaign())


def report(options: Options, result: Result, seconds: float) -> str:
    """Everything in words; with a failure, how to play it again."""
    verdict = result.verdict
    lines = [
        f"seed {options.seed}: {verdict.saved} redemptions called saved by {options.terminals} terminals"
        f" and {options.tills} full ones (those: {result.from_tills}), in {seconds:.0f} s",
        f"the centre holds {verdict.held}; {verdict.lost} lost, {verdict.doubled} doubled, {len(verdict.unsound)} other faults",
        f"batches sent again: {result.resends}; all receipted {result.drain_s:.1f} s after the last fault",
        "; ".join(f"{kind} {count}" for kind, count in sorted(result.done.items())),
        *verdict.unsound[:20],
    ]
    if not verdict.kept:
        lines.append(f"play it again: {options.replay}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--redemptions", type=int, default=TARGET)
    parser.add_argument("--terminals", type=int, default=50)
    parser.add_argument("--tills", type=int, default=2, help="full simulated terminals beside them")
    parser.add_argument("--ticks", type=int, default=0, help="tenths of a second that it takes (default: by the redemptions)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--plan", action="store_true", help="print the faults and end")
    parser.add_argument("--keep", type=Path, help="a folder for everything that was written (default: deleted)")
    asked = parser.parse_args(arguments)
    options = Options(
        asked.seed, asked.redemptions, asked.terminals, asked.tills, asked.database == "postgresql", asked.ticks
    )  # fmt: skip
    if asked.plan:
        for fault in plan.draw(options.seed, options.length, options.terminals + options.tills, options.postgres):
            print(fault)
        return 0
    with tempfile.TemporaryDirectory(prefix="cheyou-chaos-") as temporary:
        folder = asked.keep or Path(temporary)
        started = time.monotonic()
        result = play(options, folder / "campaign", lambda line: print(line, file=sys.stderr, flush=True))
        print(report(options, result, time.monotonic() - started), flush=True)
        figures = {
            "chaos_redemptions": bench_file.figure(result.verdict.saved, ""),
            "chaos_lost": bench_file.figure(result.verdict.lost, ""),
            "chaos_doubled": bench_file.figure(result.verdict.doubled, ""),
        }
        if result.verdict.kept:
            ten = asyncio.run(drain.measure(folder / "drain"))
            print(f"{drain.RECORDS} records of one terminal: {ten.seconds:.2f} s from network back to all receipted;", end=" ")
            print(f"the broker moves the same bytes in {ten.broker_s:.3f} s, one message at a time in {ten.echo_s:.3f} s")
            figures["chaos_drain_10k_s"] = bench_file.figure(round(ten.seconds, 3), "s", round(ten.broker_s, 3))
    if result.verdict.saved >= TARGET:
        bench_file.merge(figures)
    return 0 if result.verdict.kept else 1


if __name__ == "__main__":
    sys.exit(main())
