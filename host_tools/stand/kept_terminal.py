"""A terminal on the bench whose flash outlives the run: journal, settings and list are there when it is switched on again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from host_tools import boards, partition_table
from host_tools.boards import Board
from host_tools.stand.terminal import BOARD, HEAP, image
from provisioning import nvs_reader
from provisioning.identity import Identity
from provisioning.nvs_image import NAMESPACE, nvs_image
from simulator.board import BenchBoard

_TABLE = slice(partition_table.OFFSET, partition_table.OFFSET + partition_table.SIZE)


class KeptTerminal:
    """The terminal `name` on `board` [the 16x2 one], its files in `folder`. Usable once; `bench` is there after `prepare`."""

    def __init__(self, folder: Path, name: str, board: Board | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._flash = folder / f"{name}.flash"
        self._built = folder / f"{name}.image"  # digest of the image whose application is on the flash
        self._name = name
        self._board = board or boards.load(BOARD)

    @property
    def key(self) -> bytes | None:
        """The key in its NVS; None for one that was never provisioned."""
        key = self._values().get("key")
        return key if isinstance(key, bytes) else None

    def prepare(self, key: bytes, mqtt_port: int, http_port: int, epoch: int = 0) -> BenchBoard:
        """The board, switched off: with the application of today, provisioned for these ports, its journal untouched.

        `epoch` is the latest one the centre has heard of: what is new hardware begins above it.
        """
        held, new = self._values(), image(self._board)
        identity = Identity(
            self._name, f"mqtt://127.0.0.1:{mqtt_port}", f"http://127.0.0.1:{http_port}", "demo", key=key,
            # An epoch is never used twice, whatever happens to the journal.
            epoch=int(held.get("epoch", epoch)),
        )  # fmt: skip
        if self._flash.exists() and not self._fits(new):
            # Another partition table: the old journal could not be read where it now lies. It is kept, not overwritten.
            self._flash.replace(self._flash.with_suffix(".before"))
        fresh = not self._flash.exists()
        bench = BenchBoard(new if fresh else None, self._board, self._folder, heap=HEAP, flash_file=self._flash)
        if fresh or held.get("key") != key or held.get("mqtt_url") != identity.mqtt_url.encode():
            bench.write_partition("nvs", nvs_image(identity, self._board.partition("nvs").size))
        digest = hashlib.sha256(new).hexdigest()
        if not fresh and (not self._built.exists() or self._built.read_text() != digest):
            vfs = self._board.partition("vfs")
            bench.write_partition("vfs", new[vfs.offset : vfs.offset + vfs.size])
        self._built.write_text(digest)
        return bench

    def _fits(self, new: bytes) -> bool:
        old = self._flash.read_bytes()
        return len(old) == len(new) and old[_TABLE] == new[_TABLE]

    def _values(self) -> nvs_reader.Values:
        if not self._flash.exists():
            return {}
        nvs = self._board.partition("nvs")
        return nvs_reader.read(self._flash.read_bytes()[nvs.offset : nvs.offset + nvs.size], NAMESPACE)
