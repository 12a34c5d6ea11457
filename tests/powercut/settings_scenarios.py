"""What a terminal does to its file system: settings kept one after the other.

The real `Settings` over the real littlefs, mounted as the ESP32 port mounts it (host_tools/app_image.py).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any, ClassVar
from unittest import mock

import littlefs

from firmware.terminal import settings as module
from firmware.terminal.settings import Settings
from host_tools import app_image
from protocol import messages, topics
from tests.both.nor_flash import PAGE, SECTOR, NorFlash
from tests.powercut.ledger import Ledger
from tests.powercut.scenario import Fault, Scenario

KEY = bytes(range(32))
TOPIC = topics.down("T0001", "settings")
FOLDER = "/settings"


class _Context(littlefs.UserContext):  # type: ignore[misc]
    """littlefs's block device over a `NorFlash`."""

    def __init__(self, flash: NorFlash) -> None:
        self._flash = flash

    def read(self, _: Any, block: int, off: int, size: int) -> bytearray:
        data = bytearray(size)
        self._flash.read(block * SECTOR + off, data)
        return data

    def prog(self, _: Any, block: int, off: int, data: bytes) -> int:
        at, end = block * SECTOR + off, block * SECTOR + off + len(data)
        while at < end:  # the chip's driver takes it page by page
            upto = min(end, (at // PAGE + 1) * PAGE)
            self._flash.program(at, bytes(data[at - end :][: upto - at]))
            at = upto
        return 0

    def erase(self, _: Any, block: int) -> int:
        self._flash.erase(block * SECTOR)
        return 0

    def sync(self, _: Any) -> int:
        return 0


def payload(version: int) -> bytes:
    """Settings as the centre publishes them; each version of its own length, across more than one block."""
    fields = {
        "version": version, "terminal": {"suspended": False}, "merchant": {"id": "M", "name": "x" * (version * 97 % 1500)},
        "offers": [], "grace_hours": version % 700, "list_age": {}, "list_keys": {}, "tiers": [],
    }  # fmt: skip
    return bytes(messages.tagged(KEY, TOPIC, json.dumps(fields).encode()))


class SettingsUpdate(Scenario):
    """Six versions one after the other: after each cut the terminal has the last one it kept or the one it was keeping, whole."""

    name = "settings"
    sectors: ClassVar[int] = 20

    def prepare(self, flash: NorFlash, ledger: Ledger) -> None:
        files = {"boot.py": b"import sys\n" * 40, "a/resident.mpy": bytes(range(256)) * 24}
        flash.memory[:] = app_image.pack(files, ("b", "settings"), len(flash.memory))[0]
        self._keep(flash, ledger, 1)

    def run(self, flash: NorFlash, ledger: Ledger) -> None:
        start = ledger.last("kept", 0)
        for version in range(start + 1, start + 7):
            self._keep(flash, ledger, version)

    def _keep(self, flash: NorFlash, ledger: Ledger, version: int) -> None:
        with _mounted(flash):
            held = Settings(FOLDER, KEY, TOPIC)
            held.receive(payload(version))
            ledger.note("keeping", version)
            held.keep()
            ledger.note("kept", version)

    def verify(self, flash: NorFlash, ledger: Ledger) -> None:
        flash.power_on()
        with _mounted(flash) as system:
            held = Settings(FOLDER, KEY, TOPIC)
            kept, keeping = ledger.last("kept", 0), ledger.last("keeping", 0)
            if held.damaged or not kept <= held.version <= keeping:
                raise Fault("lost", f"settings {held.version} (damaged: {held.damaged}), {kept} were kept")
            if held.grace_hours != held.version % 700:
                raise Fault("wrong", f"settings {held.version} say what another version said")
            if len(system.open("/a/resident.mpy", "rb").read()) != 256 * 24:
                raise Fault("unbootable", "the application is gone")
        for version in (keeping + 1, keeping + 2):
            flash.power_on()
            self._keep(flash, ledger, version)
        flash.power_on()
        with _mounted(flash):
            if Settings(FOLDER, KEY, TOPIC).version != keeping + 2:
                raise Fault("lost", "what came after the cut was not kept")


@contextlib.contextmanager
def _mounted(flash: NorFlash) -> Iterator[littlefs.LittleFS]:
    """The file system of `flash`, on which the device's code runs meanwhile."""
    system = littlefs.LittleFS(
        context=_Context(flash), block_size=SECTOR, block_count=len(flash.memory) // SECTOR, read_size=app_image.READ_SIZE,
        prog_size=app_image.READ_SIZE, cache_size=app_image.CACHE_SIZE, lookahead_size=app_image.LOOKAHEAD, mount=True,
    )  # fmt: skip
    of_the_device = mock.Mock(wraps=os, rename=system.rename)
    with mock.patch.object(module, "os", of_the_device), mock.patch.object(module, "open", _opener(system), create=True):
        yield system


def _opener(system: littlefs.LittleFS) -> Any:
    def opened(path: str, mode: str = "r") -> Any:
        try:
            return system.open(path, mode)
        except littlefs.LittleFSError as error:
            raise OSError(str(error)) from error

    return opened
