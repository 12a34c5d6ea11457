"""What goes wrong when, drawn from the seed. Time is counted in ticks of the campaign, so a slow machine plays the same."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.chaos.proxy import MODES

POINTS = ("before-commit", "after-commit", "after-receipt")
TERMINAL_KINDS = ("power", "power_in_append", "dns", "clock", "flap", *MODES)
_SYSTEM_EVERY = (20, 60)  # ticks from the start of one fault of everybody's to the next: least and most
_TERMINAL_PAUSE = (5, 40)


@dataclass(frozen=True)
class Fault:
    """From `tick` on, for `ticks`; `terminal` is a number, or -1 where it hits everybody. `detail` depends on the kind."""

    tick: int
    ticks: int
    kind: str
    terminal: int = -1
    detail: str = ""

    def __str__(self) -> str:
        whom = f" {self.terminal}" if self.terminal >= 0 else ""
        return f"{self.tick:5} +{self.ticks:<3} {self.kind}{whom} {self.detail}".rstrip()


def draw(seed: int, ticks: int, terminals: int, database: bool) -> list[Fault]:
    """The faults of a campaign in the order they begin; `database` is whether there is one to kill on its own."""
    chance = random.Random(f"{seed} plan")
    faults = [*_system(chance, ticks, database)]
    for terminal in range(terminals):
        tick = chance.randint(0, _TERMINAL_PAUSE[1])
        while tick < ticks:
            kind = chance.choice(TERMINAL_KINDS)
            last = chance.randint(3, 30)
            detail = chance.choice(("-1", "1")) if kind == "clock" else ""
            faults.append(Fault(tick, last, kind, terminal, detail))
            tick += last + chance.randint(*_TERMINAL_PAUSE)
    return sorted(faults, key=lambda fault: fault.tick)


def _system(chance: random.Random, ticks: int, database: bool) -> list[Fault]:
    """Each point at which the centre may die comes up before any comes again; so does each of the others."""
    kinds = [("centre_dies", point) for point in POINTS]
    kinds += [("centre_killed", ""), ("broker_killed", ""), ("blackout", ""), ("network_down", ""), ("network_flaps", "")]
    kinds += [("database_killed", "")] if database else []
    faults: list[Fault] = []
    waiting: list[tuple[str, str]] = []
    every = max(_SYSTEM_EVERY[0], min(_SYSTEM_EVERY[1], ticks // 4))
    for tick in range(every // 2, ticks, every):
        if not waiting:
            waiting = chance.sample(kinds, len(kinds))
        kind, point = waiting.pop()
        detail = f"{point}:{chance.randint(1, 4)}" if point else ""
        faults.append(Fault(tick, chance.randint(2, 20), kind, detail=detail))
    return faults
