"""A piece of the tool chain: installed once, and again only when its recipe changes."""

from __future__ import annotations

import fcntl
import hashlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import CheYouError
from host_tools.toolchain import TOOLS, strict

STAMPS = TOOLS / "stamps"


@dataclass(frozen=True)
class Piece:
    """One thing to set up.

    `recipe` is any text that changes when the piece must be made anew. `proof` tells whether it is still there, so
    that deleting a file is enough to have it made again. A piece with `optional` set may be done without, except with
    `CI=true`. `covers` are pieces that are ready as well once this one is.
    """

    name: str
    recipe: str
    proof: Callable[[], bool]
    install: Callable[[], str | None]
    optional: bool = False
    covers: tuple[Piece, ...] = ()

    @property
    def stamp(self) -> Path:
        return STAMPS / self.name.replace(" ", "-")

    def ready(self) -> bool:
        """Whether it stands as the recipe says."""
        try:
            return self.stamp.read_text() == self.recipe and self.proof()
        except OSError:
            return False

    def mark_ready(self) -> None:
        """Remember the recipe it was made by."""
        STAMPS.mkdir(parents=True, exist_ok=True)
        for piece in (self, *self.covers):
            piece.stamp.write_text(piece.recipe)


def digest(paths: Iterable[Path], *more: str) -> str:
    """A recipe from files' contents and other texts."""
    sha = hashlib.sha256()
    for path in paths:
        sha.update(path.read_bytes())
    for text in more:
        sha.update(text.encode() + b"\0")
    return sha.hexdigest()


def set_up(pieces: Iterable[Piece]) -> None:
    """Install the pieces that are not ready, in order. Takes milliseconds when there is nothing to do."""
    missing = [piece for piece in pieces if not piece.ready()]
    if not missing:
        return
    with _alone():
        for piece in missing:
            if not piece.ready():  # another `make` may have made it while this one waited
                _install(piece)


def _install(piece: Piece) -> None:
    print(f"setup: {piece.name} …", flush=True)
    started = time.monotonic()
    try:
        remark = piece.install()
    except CheYouError as error:
        if not piece.optional or strict():
            raise
        print(f"setup: {piece.name} left out: {error}", file=sys.stderr)
        return
    piece.mark_ready()
    remarks = [remark] if remark else []
    print(f"setup: {piece.name} done ({', '.join([*remarks, f'{time.monotonic() - started:.1f} s'])})", flush=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Two `make` at once must not both unpack into the same folder."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: waiting for another set-up in this folder …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
