"""Fetching the stock firmware that a board's file names. Once: later builds take it from the cache.

Until a SHA-256 stands in the board's file (`cheyou build --pin`), a file is trusted for its headers, its version text and the
TLS it came through; from then on nothing else is accepted, wherever it comes from.
"""

from __future__ import annotations

import os
from pathlib import Path

import requests

from host_tools import stock_firmware
from host_tools.boards import FOLDER, Board
from host_tools.errors import CheYouError
from host_tools.toml_lines import line_of

ORIGIN = "https://micropython.org/resources/firmware"
MIRROR = "CHEYOU_FIRMWARE_URL"
_TIMEOUT_S = (5, 20)  # to connect, between bytes


def fetched(board: Board, cache: Path) -> Path:
    """The firmware file for `board`, downloaded if it is not in `cache`; `CheYouError` when it cannot be had or is not it."""
    path = cache / board.micropython.file
    if not path.exists():
        content = _download(f"{os.environ.get(MIRROR) or ORIGIN}/{board.micropython.file}")
        draft = path.with_suffix(".new")
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        # A captive portal's page, say, must not stay in the cache.
        stock_firmware.read(draft, board)
        draft.replace(path)
    return path


def pin(board: Board, firmware: Path, folder: Path = FOLDER) -> str:
    """Write the digest of `firmware`, which must fit, into the board's file; the digest."""
    digest = stock_firmware.read(firmware, board).sha256
    path = folder / f"{board.name}.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    entry = f'sha256 = "{digest}"\n'
    if board.micropython.sha256 is None:
        lines.insert(line_of("".join(lines), ["micropython", "version"]), entry)
    path.write_text("".join(lines), encoding="utf-8")
    return digest


def _download(url: str) -> bytes:
    try:
        reply = requests.get(url, timeout=_TIMEOUT_S)
        reply.raise_for_status()
        return reply.content
    except (requests.RequestException, OSError) as error:
        answered = getattr(error, "response", None)
        reason = "no way there" if answered is None else f"the server says {answered.status_code}"
        raise CheYouError(
            f"{url} cannot be downloaded ({reason})",
            "download it where there is a network and name it with --firmware FILE",
        ) from None
