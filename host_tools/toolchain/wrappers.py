"""Small shell scripts in `.tools` that start privately unpacked programs with their own libraries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write(script: Path, body: str) -> None:
    """Write an executable `sh` script. `$here` in `body` is the script's own folder, so that the tree may be moved."""
    script.parent.mkdir(parents=True, exist_ok=True)
    draft = script.with_suffix(".new")
    draft.write_text(f"#!/bin/sh\ncase $0 in */*) here=${{0%/*}} ;; *) here=. ;; esac\n{body}\n")
    draft.chmod(0o755)
    draft.replace(script)  # in one step: a test may be starting the old one


def write_with_own_loader(script: Path, loader: str, libraries: Sequence[str], program: str) -> None:
    """A program of another release or word size, started by its own loader. Paths are relative to the script."""
    path = ":".join(f"$here/{folder}" for folder in libraries)
    write(script, f'exec "$here/{loader}" --library-path "{path}" "$here/{program}" "$@"')


def write_with_libraries(script: Path, libraries: Sequence[str], program: str) -> None:
    """A program of the running release that lacks some libraries on the system. Paths are relative to the script."""
    path = ":".join(f"$here/{folder}" for folder in libraries)
    write(
        script,
        f'LD_LIBRARY_PATH="{path}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" exec "$here/{program}" "$@"',
    )
