"""Running other programs during set-up: quiet when they work, their last words when they do not."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from host_tools.errors import CheYouError

Retry = Callable[[int, int], None]


def run(
    command: Sequence[str | Path],
    *,
    failing: str,
    next_step: str,
    attempts: int = 1,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run `command` and return what it wrote to stdout.

    Downloads fail for reasons that pass: `attempts` above 1 tries again after 2, 4, … seconds. When all fail, the
    error quotes the program's last line, which is where apt and pip put the reason.
    """
    for attempt in range(attempts):
        if attempt:
            time.sleep(2**attempt)
        try:
            done = subprocess.run(
                [str(part) for part in command],
                capture_output=True,
                text=True,
                errors="replace",
                cwd=cwd,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            raise CheYouError(f"{failing}: there is no `{command[0]}` here", next_step) from None
        if done.returncode == 0:
            return done.stdout
    raise CheYouError(f"{failing}: {_last_words(done)}", next_step)


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "ERROR:", "error:"))]
    return (errors or lines[-1:] or [f"exit code {done.returncode}"])[0]
