"""A campaign: terminals work, faults come and go tick by tick, everything comes back, then the count."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from central.database import Database
from tests.chaos import judge, plan
from tests.chaos.judge import Verdict
from tests.chaos.plan import Fault
from tests.chaos.proxy import Proxy
from tests.chaos.stand import Stand
from tests.chaos.terminal import YEAR_S, ChaosTerminal
from tests.chaos.till import Till

TICK_S = 0.1
DRAIN_S = 180.0
FLAP_TICKS = 10


@dataclass(frozen=True)
class Options:
    """`ticks` 0: as many as the redemptions take at some ten a second and terminal."""

    seed: int = 1
    redemptions: int = 100_000
    terminals: int = 50
    tills: int = 2
    postgres: bool = False
    ticks: int = 0

    @property
    def length(self) -> int:
        return self.ticks or max(60, self.redemptions // self.terminals)

    @property
    def replay(self) -> str:
        """The command that plays the same plan again."""
        text = f"make chaos SEED={self.seed} REDEMPTIONS={self.redemptions} TERMINALS={self.terminals} TILLS={self.tills}"
        text += f" TICKS={self.ticks}" if self.ticks else ""
        return text + (" DATABASE=postgresql" if self.postgres else "")


@dataclass
class Result:
    """What came of it: the verdict, what was done to whom, and how long all of them took to be receipted at the end."""

    verdict: Verdict = field(default_factory=Verdict)
    done: Counter[str] = field(default_factory=Counter)
    resends: int = 0
    from_tills: int = 0
    drain_s: float = 0.0


class Campaign:
    """`run` once; `say` gets a line now and then."""

    def __init__(self, options: Options, stand: Stand, folder: Path, say: Callable[[str], None]) -> None:
        self.options = options
        self.stand = stand
        self.result = Result()
        self._folder = folder
        self._say = say
        self._terminals: list[ChaosTerminal] = []
        self._proxies: list[Proxy] = []
        self._tills: list[Till] = []
        self._suffering: list[asyncio.Task[None]] = []

    async def run(self) -> Result:
        names = list(self.stand.keys)
        for number, name in enumerate(names):
            proxy = Proxy(self.stand.broker.port, self._chance(f"proxy {name}"))
            await proxy.start()
            self._proxies.append(proxy)
            key = self.stand.keys[name]
            if number < self.options.terminals:
                self._terminals.append(ChaosTerminal(name, key, proxy, self._chance(name)))
            else:
                ports = proxy.port, self.stand.centre.http_port
                self._tills.append(Till(self._folder / name, name, key, ports, number, self._chance(name)))
        lives = [asyncio.create_task(terminal.live()) for terminal in self._terminals]
        tills = [asyncio.create_task(asyncio.to_thread(till.run)) for till in self._tills]
        try:
            await self._play(tills)
            for till in self._tills:
                till.finish()
            self._heal()
            await self._drain(tills)
        finally:
            for task in (*lives, *self._suffering):
                task.cancel()
            for till in self._tills:
                till.finish(at_once=True)
            for ended in (*lives, *tills):
                with contextlib.suppress(asyncio.CancelledError):
                    await ended
            for terminal in self._terminals:
                terminal.power_off()
            for proxy in self._proxies:
                proxy.stop()
        await asyncio.to_thread(self.stand.centre.stop)
        self._judge()
        return self.result

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self.options.seed} {name}")

    async def _play(self, tills: list[asyncio.Task[None]]) -> None:
        options, ticks = self.options, self.options.length
        faults = plan.draw(options.seed, ticks, len(self._proxies), self.stand.postgres is not None)
        waiting = list(reversed(faults))
        ending: dict[int, list[Fault]] = {}
        share = math.ceil(options.redemptions / options.terminals) / ticks
        for tick in range(ticks):
            for fault in ending.pop(tick, []):
                self._end(fault)
            while waiting and waiting[-1].tick <= tick:
                fault = waiting.pop()
                ending.setdefault(tick + fault.ticks, []).append(fault)
                self._begin(fault)
            self._flap(tick, ending)
            for terminal in self._terminals:
                terminal.due += share
                terminal.work()
            for till in tills:
                if till.done():
                    till.result()
            if tick % 100 == 99:
                saved = sum(len(terminal.saved) for terminal in self._terminals)
                self._say(f"tick {tick + 1} of {ticks}: {saved} saved, {self._waiting} of them wait")
            await asyncio.sleep(TICK_S)

    @property
    def _waiting(self) -> int:
        return sum(terminal.waiting for terminal in self._terminals)

    def _begin(self, fault: Fault) -> None:
        if fault.terminal < 0:
            if fault.kind.startswith("network"):
                self.result.done[fault.kind] += 1
                for proxy in self._proxies:
                    proxy.set("down")
            else:
                task = self.stand.suffer(fault, fault.ticks * TICK_S)
                self._suffering.append(asyncio.create_task(task))
            return
        self.result.done[fault.kind] += 1
        if fault.kind in plan.MODES:
            self._proxies[fault.terminal].set(fault.kind)
        elif fault.terminal >= len(self._terminals):
            self._tills[fault.terminal - len(self._terminals)].suffer(fault)
        else:
            terminal = self._terminals[fault.terminal]
            if fault.kind == "power":
                terminal.power_off()
            elif fault.kind == "power_in_append":
                terminal.cut_in_append()
            elif fault.kind == "dns":
                terminal.resolves = False
                terminal.proxy.cut()
            elif fault.kind == "clock":
                terminal.clock_off = int(fault.detail) * YEAR_S

    def _end(self, fault: Fault) -> None:
        if fault.terminal < 0:
            if fault.kind.startswith("network"):
                for proxy in self._proxies:
                    proxy.set("clean")
            return
        self._proxies[fault.terminal].set("clean")
        if fault.terminal >= len(self._terminals):
            self._tills[fault.terminal - len(self._terminals)].suffer(None)
        else:
            terminal = self._terminals[fault.terminal]
            terminal.resolves, terminal.clock_off = True, 0
            terminal.power_on()

    def _flap(self, tick: int, ending: dict[int, list[Fault]]) -> None:
        """Networks that flap go and come every second."""
        if tick % (FLAP_TICKS // 2):
            return
        mode = "down" if tick % FLAP_TICKS else "clean"
        for faults in ending.values():
            for fault in faults:
                if fault.kind == "network_flaps":
                    for proxy in self._proxies:
                        proxy.set(mode)
                elif fault.kind == "flap":
                    self._proxies[fault.terminal].set(mode)

    def _heal(self) -> None:
        for proxy in self._proxies:
            proxy.set("clean")
        for terminal in self._terminals:
            terminal.resolves, terminal.clock_off = True, 0
            terminal.power_on()
            terminal.due = round(terminal.due)  # whole ones: the shares do not add up to the last digit
            terminal.work()

    async def _drain(self, tills: list[asyncio.Task[None]]) -> None:
        await asyncio.gather(*self._suffering)
        started = time.monotonic()
        while self._waiting and time.monotonic() < started + DRAIN_S:
            await asyncio.sleep(0.02)
        self.result.drain_s = time.monotonic() - started
        for till in tills:
            await till

    def _judge(self) -> None:
        result, verdict = self.result, self.result.verdict
        database = Database(self.stand.url)
        for terminal in self._terminals:
            slots = dict(enumerate(terminal.journal.slots, 1))
            judge.compare(verdict, terminal.id, terminal.saved, slots, judge.held_of(database, terminal.id))
            refused = dict(enumerate(terminal.journals["refusals"].slots, 1))
            refusals = Verdict()
            judge.compare(refusals, f"{terminal.id} refusals", refused, refused, judge.held_of(database, terminal.id, "refusals"))
            verdict.unsound += refusals.unsound
            forks = sum(journal.forks for journal in terminal.journals.values())
            if forks or terminal.not_genuine or terminal.waiting:
                verdict.unsound.append(
                    f"{terminal.id}: {forks} forks, {terminal.not_genuine} not genuine, {terminal.waiting} wait"
                )
            result.resends += terminal.resends
        for till in self._tills:
            held = judge.held_of(database, till.name)
            till.judge(verdict, held)
            result.from_tills += len(till.saved)
            result.done += till.done
        judge.chains(verdict, database, list(self.stand.keys))
        database.dispose()
        result.done += self.stand.done
        for proxy in self._proxies:
            result.done.update({f"message {kind}": count for kind, count in proxy.done.items()})
