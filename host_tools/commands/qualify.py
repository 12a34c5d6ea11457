"""`cheyou qualify`: the model test."""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from pathlib import Path

import click

from host_tools import boards, listing
from host_tools.errors import CheYouError
from host_tools.flash.bench import Bench, bench_option
from host_tools.progress import progress
from provisioning.reports import Report, ReportStore


@click.command()
@click.option("--board", "board_name", metavar="BOARD", help="Build the image of this board (`cheyou boards`).")
@click.option("--image", type=click.Path(path_type=Path, dir_okay=False), help="Or take this image made by `cheyou build`.")
@click.option("--leg", "names", multiple=True, metavar="LEG", help="Only this leg of the course; the model stays unqualified.")
@click.option(
    "--course", type=click.Path(path_type=Path, dir_okay=False), help="Another course [host_tools/qualification/course.toml]."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=os.cpu_count() or 1, show_default=True, help="Legs at a time.")
@click.option("--heap", metavar="SIZE", help="MicroPython's heap on the simulator [what the firmware is made for].")
@bench_option
@listing.json_option
def command(
    board_name: str | None, image: Path | None, names: tuple[str, ...], course: Path | None, jobs: int, heap: str | None,
    bench: Bench, as_json: bool,
) -> int:  # fmt: skip
    """Test a model, board and firmware, under weak network and load, on the simulator; some minutes.

    The course says what it goes through - delay, loss, flapping Wi-Fi, an outage, thousands of records to send - and within
    which limits. The report is kept, as JSON and as a page to print.
    """
    # Here and not above: `cheyou --help` need not load the simulator and the centre.
    from host_tools.flash import selftest, target
    from host_tools.qualification import course as courses
    from host_tools.qualification.trial import Trial
    from host_tools.stand.terminal import HEAP
    from host_tools.stand.terminal import image as built

    if (image is None) == (board_name is None):
        raise click.UsageError("give --board or --image")
    if heap is not None and re.fullmatch(r"\d+K", heap) is None:
        raise click.UsageError("write --heap as 96K")
    legs = courses.read(course or courses.COURSE)
    unknown = sorted(set(names) - {leg.name for leg in legs})
    if unknown:
        raise click.UsageError(f"there is no leg {unknown[0]}, only {', '.join(leg.name for leg in legs)}")
    chosen = [leg for leg in legs if not names or leg.name in names]
    if image is not None:
        board = target.from_file(image).board
        content = image.read_bytes()
    else:
        board = boards.load(str(board_name))
        content = built(board)
    lock = threading.Lock()
    with (
        tempfile.TemporaryDirectory(prefix="cheyou-qualify-") as folder,
        progress(f"qualifying {board.name}", sum(leg.customers for leg in chosen)) as advance,
    ):

        def served() -> None:
            with lock:
                advance(1)

        report = Trial(board, content, Path(folder), jobs, heap or HEAP).run(
            chosen, served, len(chosen) == len(legs), selftest.who()
        )
    files = ReportStore(bench.reports).save(report)
    _show(report, [str(path) for path in files], as_json)
    if not report.passed:
        over = "; ".join(f"{step.values['leg']}: {', '.join(step.values['over'])}" for step in report.steps if not step.passed)
        raise CheYouError(
            f"{report.subject} did not pass ({over})", f"let no unit of it go out before that is mended: {files[1]}"
        )
    return 0


def _show(report: Report, files: list[str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.as_dict() | {"files": files}, ensure_ascii=False, indent=2))
        return
    rows = [{"step": step.name, "passed": step.passed, "detail": step.detail} for step in report.steps]
    listing.show(rows, {"step": "Leg", "passed": "Passed", "detail": "Measured (limit)"}, as_json=False)
    click.echo(f"report: {files[1]}", err=True)
