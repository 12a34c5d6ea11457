"""A terminal's two list partitions on a `NorFlash`, and the loop that fills them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from lists import KEY

from central.list_contents import read_header
from firmware.terminal.list_writer import DATA, DONE
from tests.both.nor_flash import NorFlash
from tests.both.read_lists import ReadLists

MONTH = 202612


def offer_of(data: bytes, key: bytes = KEY) -> dict[str, Any]:
    """The fields of the `list` message that announces a file."""
    header = read_header(data, key)
    return {
        "list": header.list_id,
        "kind": "delta" if header.kind else "base",
        "month": header.month,
        "version": header.version,
        "base": header.parent,
        "bytes": len(data),
        "sha256": sha256(data).hexdigest(),
        "path": "",
    }


class Terminal:
    """Two partitions of `sectors` each on one flash, mounted."""

    def __init__(self, sectors: int, flash: NorFlash | None = None) -> None:
        self.sectors = sectors
        self.flash = flash or NorFlash(2 * sectors)
        self.switch_on()

    def switch_on(self, keys: dict[int, bytes] | None = None) -> None:
        partitions = [self.flash.partition(i * self.sectors, self.sectors) for i in range(2)]
        self.lists = ReadLists(partitions, {7: KEY} if keys is None else keys)

    def take(self, data: bytes, month: int = MONTH, chunk: int = 1500, offer: dict[str, Any] | None = None) -> bool:
        """Fetch a file as the firmware would; False when it is no news."""
        writer = self.lists.receive(offer or offer_of(data), month)
        if writer is None:
            return False
        while writer.next != DONE:
            if writer.next == DATA:
                writer.feed(data[writer.offset : writer.offset + chunk])
            writer.step()
        return True
