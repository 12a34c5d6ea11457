"""A full simulated terminal that redeems through its keypad while its power, network, name server and clock are played with."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from host_tools.stand import screens
from host_tools.stand.cashier import Cashier
from host_tools.stand.terminal import on_bench
from simulator.flash import Torn
from tests.chaos.judge import Verdict, compare
from tests.chaos.plan import Fault
from tests.chaos.stand import VIPS
from tests.chaos.terminal import YEAR_S

HOST = "broker.chaos"
DRAIN_S = 150.0
_MEMBERS_EACH = 300


class Till:
    """`run` in a thread of its own; `suffer` from any. `saved` are the numbers that its display has shown as saved."""

    def __init__(self, folder: Path, name: str, key: bytes, ports: tuple[int, int], number: int, chance: random.Random) -> None:
        self.name = name
        self.saved: set[int] = set()
        self.done: Counter[str] = Counter()
        self._chance = chance
        self._folder, self._key, self._ports, self._number = folder, key, ports, number
        first = number * _MEMBERS_EACH % (1000 - _MEMBERS_EACH)
        self._members = iter(VIPS[first : first + _MEMBERS_EACH])
        self._faults: list[Fault | None] = []
        self._ending = threading.Event()
        self._at_once = threading.Event()
        self._flash = b""
        self._received = False
        self._timer: threading.Timer | None = None

    def suffer(self, fault: Fault | None) -> None:
        """Let this happen to it as soon as its cashier looks up; None: all is well again."""
        if fault or self._faults[-1:] != [None]:
            self._faults.append(fault)

    def finish(self, at_once: bool = False) -> None:
        """Serve nobody any more, and return from `run` once everything is receipted."""
        self._ending.set()
        if at_once:
            self._at_once.set()

    def run(self) -> None:
        mqtt, http = self._ports
        with on_bench(self._folder, self.name, self._key, mqtt, http_port=http, host=HOST, mac=self._number) as self.bench:
            self.bench.lan(hosts={HOST: "127.0.0.1"})
            self._cashier = Cashier(self.bench)
            self.bench.power_on()
            while not self._ending.is_set():
                self._play()
                self._serve()
            self._heal()
            # A link that comes back is tried at once; otherwise the pause may have grown to a minute.
            self.bench.network(False)
            time.sleep(1)
            self.bench.network(True)
            deadline = time.monotonic() + DRAIN_S
            while not self._received and not self._at_once.is_set() and time.monotonic() < deadline:
                try:
                    self._home()
                    self._cashier.wait_received(30)
                    self._received = True
                except TimeoutError:
                    continue
            self._flash = self.bench.partition("journal")

    def judge(self, verdict: Verdict, held: list[tuple[int, bytes]]) -> None:
        """What the centre holds lies in this terminal's flash byte for byte, and what the display has shown is held."""
        journal = {sequence: slot for sequence, slot in held if slot in self._flash}
        rows = dict(held)
        compare(verdict, self.name, {sequence: rows.get(sequence, b"lost") for sequence in self.saved}, journal, held)
        lost = [sequence for sequence in self.saved if sequence not in rows]
        verdict.lost += len(lost)
        if lost:
            verdict.unsound.append(f"{self.name}: the display said saved, not held: {sorted(lost)}")
        if not self._received:
            verdict.unsound.append(f"{self.name}: not everything was receipted")

    def _serve(self) -> None:
        try:
            self._home()
            shown = self._cashier.check(str(next(self._members)))
            if shown.reason != "valid":
                self.done[f"till refused {shown.reason}"] += 1
                self._cashier.leave()
                return
            self.saved.add(self._cashier.redeem())
            self._cashier.leave()
        except StopIteration:
            self._ending.wait(1)
        except TimeoutError:
            self.done["till disturbed"] += 1
            if screens.fits(screens.SCREENS["saved"], self.bench.lcd):
                self.saved.add(self._cashier.saved())

    def _home(self) -> None:
        """To the first screen, from wherever it was left."""
        if not self.bench.powered():
            self.bench.power_on()
        for _ in range(20):
            if screens.fits(screens.SCREENS["idle"], self.bench.lcd):
                return
            self.bench.keys("*", 80, 300)
        raise TimeoutError("the first screen does not come")

    def _play(self) -> None:
        """One thing before each customer: it lasts at least as long as serving this one takes."""
        fault = self._faults.pop(0) if self._faults else None
        if fault is None:
            self._heal()
        else:
            self.done[f"till {fault.kind}"] += 1
            if fault.kind == "power":
                self._timer = threading.Timer(self._chance.uniform(0, 3), self.bench.power_cut)
                self._timer.start()
            elif fault.kind == "power_in_append":
                torn: Torn | None = self._chance.choice((None, "half", "one_bit", "all_but_one"))
                self.bench.power_cut_after_flash_ops(self._chance.randint(1, 3), torn, self._chance.randint(0, 1000))
            elif fault.kind == "dns":
                self.bench.lan(dns="silent")
                self.bench.cut_connections()
            elif fault.kind == "clock":
                self._clock(int(fault.detail) * YEAR_S)
            elif fault.kind == "flap":
                self.bench.network(False)

    def _clock(self, off: int) -> None:
        self.bench.clock(datetime.fromtimestamp(int(time.time()) + off, UTC))

    def _heal(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        self.bench.power_cut_after_flash_ops(None)
        self.bench.power_on()
        self.bench.lan(dns="answer")
        self.bench.network(True)
        self._clock(0)
