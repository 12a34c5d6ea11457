"""The identity as a part to write, worked out from what the board's NVS holds now."""

from __future__ import annotations

import dataclasses

from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash.link import Link
from host_tools.flash.plan import RECORDS, Plan, is_blank
from host_tools.flash.target import Part
from provisioning import nvs_reader
from provisioning.identity import Identity
from provisioning.nvs_image import NAMESPACE, nvs_image


def present(link: Link, board: Board) -> nvs_reader.Values:
    """What the board's NVS says of its identity; empty when there is none."""
    partition = board.partition("nvs")
    if is_blank(link, partition.offset, partition.size):
        return {}
    return nvs_reader.read(link.read(partition.offset, partition.size), NAMESPACE)


def add_to(plan: Plan, link: Link, board: Board, identity: Identity) -> bool:
    """Put the NVS image of `identity` into the plan; False when the board has that identity already.

    `CheYouError` when the board is another terminal and still holds records of it (law 7).
    """
    values = present(link, board) if plan.ours_before else {}
    partition = board.partition("nvs")
    epoch = values.get("epoch", 0)
    # A terminal that starts over at an old epoch would send other records under numbers the centre already holds.
    identity = dataclasses.replace(identity, epoch=max(identity.epoch, epoch if isinstance(epoch, int) else 0))
    image = nvs_image(identity, partition.size)
    if values == nvs_reader.read(image, NAMESPACE):
        return False
    if values.get("key") not in (None, identity.key):
        _refuse_to_lose(plan, link, board, values)
    plan.kept = [label for label in plan.kept if label != "nvs"]
    plan.erases = [erased for erased in plan.erases if erased.label != "nvs"]
    # Before what makes the board start, so that one left half-way does not run without an identity.
    before = [part for part in plan.writes if part.name not in ("bootloader", "partition-table")]
    plan.writes = [*before, Part("nvs", partition.offset, image), *plan.writes[len(before) :]]
    return True


def _refuse_to_lose(plan: Plan, link: Link, board: Board, values: nvs_reader.Values) -> None:
    given_up = {partition.label for partition in plan.erases}
    for label in RECORDS:
        partition = board.partition(label)
        if label not in given_up and not is_blank(link, partition.offset, partition.size):
            raw = values.get("id", b"?")
            name = raw.decode("ascii", "replace") if isinstance(raw, bytes) else "?"
            raise CheYouError(
                f"the board on {link.port.device} is terminal {name} and its {label} is not empty",
                f"save it with `cheyou rescue --port {link.port.device}`, then run this again with --erase {label}",
            )
