"""`make mutants`: break one line, run the tests that should notice, tell which did. Works in a copy of the project."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from host_tools import bench_file
from tests.mutants.catalogue import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parent.parent.parent
_PYTEST = ("-q", "-x", "-n0", "-p", "no:cacheprovider", "--no-header")
_TIMEOUT_S = 400
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".tools", "build", "run", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info"
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "name", nargs="*", help="parts of the names of mutants (default: all, and the figures go to build/bench.json)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if not options.name or any(part in mutant.name for part in options.name)]
    if not chosen:
        print("mutants: no mutant of that name; run `make mutants` for all", file=sys.stderr)
        return 2
    survivors = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        # A test that fails without a mutant catches nothing.
        suites = sorted({mutant.tests for mutant in chosen})
        for tests, failed in zip(suites, pool.map(lambda tests: _run(tests, None), suites), strict=True):
            if failed:
                print(f"mutants: {failed} fails without any mutant; mend that first ({' '.join(tests)})", file=sys.stderr)
                return 1
        for mutant, caught in zip(chosen, pool.map(_caught_by, chosen), strict=True):
            survivors += not caught
            print(f"law {mutant.law}  {mutant.name}\n       {caught or 'NOT CAUGHT: ' + ' '.join(mutant.tests)}", flush=True)
    print(f"{len(chosen)} mutants, {survivors} not caught")
    if not options.name:
        figures = {"mutants": bench_file.figure(len(chosen), ""), "mutants_survived": bench_file.figure(survivors, "")}
        bench_file.merge(figures)
    return 1 if survivors else 0


def _caught_by(mutant: Mutant) -> str | None:
    """The test that failed, or None."""
    return _run(mutant.tests, mutant)


def _run(tests: tuple[str, ...], mutant: Mutant | None) -> str | None:
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
        for kept in (".venv", ".tools"):
            (copy / kept).symlink_to(ROOT / kept)
        if mutant:
            broken = copy / mutant.file
            broken.write_text(mutated(mutant, broken.read_text()))
        command: list[str | Path] = [ROOT / ".venv/bin/python", "-m", "pytest", *_PYTEST, *tests]
        try:
            environment = {**os.environ, "PYTHONPATH": str(copy)}
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return "the tests did not end"
        if done.returncode == 0:
            return None
        failed = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - |$)", done.stdout, re.MULTILINE)
        if done.returncode != 1 or not failed:
            said = f"{done.stdout[-1500:]}{done.stderr[-500:]}"
            raise RuntimeError(f"{mutant.name if mutant else tests}: pytest ended with {done.returncode}:\n{said}")
        return failed[1]


def mutated(mutant: Mutant, text: str) -> str:
    """`text` with the mutant's change; ValueError unless there is exactly one place for it."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {mutant.file} has {text.count(mutant.old)} places like {mutant.old!r}")
    return text.replace(mutant.old, mutant.new)


if __name__ == "__main__":
    sys.exit(main())
