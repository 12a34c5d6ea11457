"""The ways a power cut leaves the flash operation it falls into."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.both.nor_flash import SECTOR, NorFlash

Operation = tuple[int, bytes | None]

CLEAN = "clean"
PROGRAM = ("half", "tail", "one_bit", "one_bit.1", "one_bit.2", "all_but_one", "all_but_one.1", "all_but_one.2", "some", "some.1",
           "weak", "weak.1", "late", "early")  # fmt: skip
_WEAK = ("weak", "late", "early")
ERASE = ("half", "tail", "zeroed", "one_bit", "all_but_one", "some", "some.1", "weak", "weak.1", "late", "early")


@dataclass(frozen=True)
class Cut:
    """The power goes at operation `at` of a run (its count: nothing of that run is cut); `how` is a variant above.

    `clean`: the operation does not happen. `half`, `tail`: only its first or its second half. `one_bit`, `all_but_one`, `some`:
    of the bits that were to change. `zeroed`: an erase stopped in its pre-programming. `weak`: every bit that was to change reads
    anew, at random, at each power-on until it is programmed again or erased. `late`, `early`: the same, but at the first power-on
    it looks done to the last bit, or not begun.
    """

    at: int
    how: str = CLEAN

    def __str__(self) -> str:
        return f"{self.at}/{self.how}"

    @classmethod
    def parse(cls, text: str) -> Cut:
        at, _, how = text.partition("/")
        return cls(int(at), how or CLEAN)


def cuts_of(flash: NorFlash, operation: Operation, at: int, seed: str) -> Iterator[Cut]:
    """Every cut of `operation` (about to happen to `flash`) that leaves something of its own behind."""
    yield Cut(at)
    address, data = operation
    length = SECTOR if data is None else len(data)
    old = bytes(flash.memory[address : address + length])
    # Done to the last bit is what the next cut's clean form leaves.
    seen = {old, _done(old, data)}
    if len(seen) == 1:
        return  # changes nothing, so nothing can be torn
    for how in ERASE if data is None else PROGRAM:
        if how.partition(".")[0] in _WEAK:
            yield Cut(at, how)
            continue
        left = _torn(old, data, how, _choice(seed, at, how))
        if left not in seen:
            seen.add(left)
            yield Cut(at, how)


def apply(flash: NorFlash, operation: Operation, cut: Cut, seed: str) -> None:
    """Leave `flash` as `cut` leaves it."""
    if cut.how == CLEAN:
        return
    address, data = operation
    length = SECTOR if data is None else len(data)
    old = bytes(flash.memory[address : address + length])
    if cut.how.partition(".")[0] in _WEAK:
        new = _done(old, data)
        for offset in range(length):
            if old[offset] != new[offset]:
                flash.weak[address + offset] = flash.weak.get(address + offset, 0) | (old[offset] ^ new[offset])
        flash.seed = zlib.crc32(f"{seed}:{cut}".encode()) & 0x3FFFFFFF
        flash.steady = 0 if cut.how.startswith("weak") else 1
        if cut.how == "late":
            flash.memory[address : address + length] = new
        return
    flash.memory[address : address + length] = _torn(old, data, cut.how, _choice(seed, cut.at, cut.how))


# The choice of bits can be replayed: it follows from the cut's own name.
def _choice(seed: str, at: int, how: str) -> random.Random:
    return random.Random(zlib.crc32(f"{seed}:{at}/{how}".encode()))


def _done(old: bytes, data: bytes | None) -> bytes:
    return b"\xff" * SECTOR if data is None else bytes(a & b for a, b in zip(old, data, strict=True))


def _torn(old: bytes, data: bytes | None, how: str, choice: random.Random) -> bytes:
    new = _done(old, data)
    how = how.partition(".")[0]
    middle = len(new) // 2
    if how == "half":
        return new[:middle] + old[middle:]
    if how == "tail":
        return old[:middle] + new[middle:]
    if how == "zeroed":
        return bytes(len(new))
    if how == "some":
        mask = choice.randbytes(len(new))
        return bytes(a ^ ((a ^ b) & m) for a, b, m in zip(old, new, mask, strict=True))
    changing = [(at, bit) for at in range(len(new)) for bit in range(8) if (old[at] ^ new[at]) >> bit & 1]
    if not changing:
        return old
    at, bit = choice.choice(changing)
    result = bytearray(old if how == "one_bit" else new)
    result[at] ^= 1 << bit
    return bytes(result)
