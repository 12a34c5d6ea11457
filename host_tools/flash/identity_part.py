"""The identity as a part to write, worked out from what the board's NVS holds now."""

from __future__ import annotations

import dataclasses

from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash.link import Link
from host_tools.flash.plan import Plan, is_blank
from host_tools.flash.target import Part
from provisioning import nvs_reader, ring_image
from provisioning.identity import Identity
from provisioning.nvs_image import NAMESPACE, nvs_image


def present(link: Link, board: Board) -> nvs_reader.Values:
    """What the board's NVS says of its identity; empty when there is none."""
    partition = board.partition("nvs")
    if is_blank(link, partition.offset, partition.size):
        return {}
    return nvs_reader.read(link.read(partition.offset, partition.size), NAMESPACE)


def add_to(plan: Plan, board: Board, identity: Identity, values: nvs_reader.Values) -> bool:
    """Put the NVS image of `identity` into the plan; False when the board has that identity already, as `values` tell."""
    partition = board.partition("nvs")
    epoch = values.get("epoch", 0)
    # A terminal that starts over at an old epoch would send other records under numbers the centre already holds.
    identity = dataclasses.replace(identity, epoch=max(identity.epoch, epoch if isinstance(epoch, int) else 0))
    image = nvs_image(identity, partition.size)
    if values == nvs_reader.read(image, NAMESPACE):
        return False
    plan.kept = [label for label in plan.kept if label != "nvs"]
    plan.erases = [erased for erased in plan.erases if erased.label != "nvs"]
    # Before what makes the board start, so that one left half-way does not run without an identity.
    before = [part for part in plan.writes if part.name not in ("bootloader", "partition-table")]
    plan.writes = [*before, Part("nvs", partition.offset, image), *plan.writes[len(before) :]]
    return True


def refuse_to_lose(plan: Plan, link: Link, board: Board, values: nvs_reader.Values, key: bytes | None) -> None:
    """`CheYouError` when the board holds records that a terminal with this `key` (None: a new one) cannot send (law 7)."""
    if not plan.ours_before or (key is not None and values.get("key") == key):
        return
    given_up = {partition.label for partition in plan.erases}
    for stream, (label, _, _) in ring_image.STREAMS.items():
        partition = board.partition(label)
        if label in given_up or is_blank(link, partition.offset, partition.size):
            continue
        raw = values.get("id")
        if isinstance(raw, bytes):
            whose, given = f"is terminal {raw.decode('ascii', 'replace')} and", ""
        else:
            # The boot code erases NVS on some faults: what lies there may be this very terminal's, and then it opens.
            ring = ring_image.read(link.read(partition.offset, partition.size), key or b"", stream)
            if not ring.damaged and len(ring.opened) == len(ring.slots):
                continue
            whose, given = "has lost its identity,", " --terminal …"
        raise CheYouError(
            f"the board on {link.port.device} {whose} its {label} is not empty",
            f"save it with `cheyou rescue --port {link.port.device}{given}`, then run this again with --erase {label}",
        )
