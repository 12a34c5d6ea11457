"""The thread a board lives on: its firmware process, its parts, and what happens to them when.

Everything here but `do`, `press` and `close` runs on that thread, in one asyncio loop, so nothing needs a lock.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from simulator import calls
from simulator import page as shared
from simulator.calls import Answer, Handler
from simulator.ds3231 import Ds3231
from simulator.events import Event, EventLog
from simulator.fakes_build import compiled_fakes
from simulator.firmware_process import Call, FirmwareProcess
from simulator.flash import NorFlash, PowerFailed
from simulator.front_panel import FrontPanel
from simulator.key_matrix import KeyMatrix
from simulator.lan import Lan
from simulator.page import Page, monotonic_us
from simulator.radio import Radio
from simulator.wiring import Wiring
from simulator.world_clock import WorldClock

T = TypeVar("T")
Press = tuple[str, float, float]

PWRON_RESET, WDT_RESET = 1, 3
ADDRESS_KEPT_S = 120.0  # ESP-IDF's IP_LOST_TIMER_INTERVAL: after that connections are aborted
PUMP_S = 0.004  # how often pins are looked at while they change
BELL_LOST_S = 0.25  # and how often at the least, should a bell have been missed


@dataclass(frozen=True)
class Options:
    workdir: Path
    flash: Path
    log: Path
    fast: bool
    bits: int
    heap: str
    mac: bytes
    seed: int


class MachineRoom:
    """The board's inside. `powered` and the parts may be looked at from outside; changes go through `do`."""

    def __init__(self, image: bytes | bytearray | None, wiring: Wiring, options: Options, events: EventLog) -> None:
        self._options = options
        self._events = events
        self._fakes = compiled_fakes()
        self._started_us = monotonic_us()
        self.page = Page(options.workdir)
        self.page.put_bytes(shared.UNIQUE_ID, options.mac)
        self.flash = NorFlash(options.flash, wiring.flash_bytes, image)
        self.clock = WorldClock(self.page)
        self.panel = FrontPanel(wiring, self.report)
        self.matrix = KeyMatrix(
            self.page, wiring.keypad_rows, wiring.keypad_columns, wiring.layout, wiring.pulled_up, options.seed
        )
        self._loop = asyncio.new_event_loop()
        self.radio = Radio(self.page, self._loop, self._link_changed)
        self.lan = Lan(self._loop, lambda: self.radio.passing, self.clock.now)
        self._nvs = calls.NvsCalls(self.flash, options.fast)
        self._handlers: dict[int, Handler] = {
            calls.BOOTED: self._booted,
            calls.WATCHDOG: self._watchdog,
            **calls.FlashCalls(self.flash, options.fast).handlers(),
            **calls.I2cCalls(Ds3231(self.clock) if wiring.clock_chip else None).handlers(),
            **self._nvs.handlers(),
            **self.radio.handlers(),
            **self.lan.handlers(),
        }
        self._process: FirmwareProcess | None = None
        self.powered = False
        self._watchdog_ms = 0
        self._watchdog_timer: asyncio.TimerHandle | None = None
        self._pump_timer: asyncio.TimerHandle | None = None
        self._address_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._keys_free_at = 0.0
        self._thread = threading.Thread(target=self._live, name=f"board {wiring.name}", daemon=True)
        self._thread.start()

    # from other threads

    def do(self, action: Callable[[], T]) -> T:
        """Carry `action` out on the board's thread and return what it returns."""

        async def carry_out() -> T:
            return action()

        if threading.current_thread() is self._thread:
            return action()
        return asyncio.run_coroutine_threadsafe(carry_out(), self._loop).result()

    def press(self, presses: Sequence[Press], wait: bool) -> None:
        """Queue presses; with `wait`, return when the last key is up."""
        unknown = sorted({key for key, _, _ in presses} - self.matrix.keys)
        if unknown:
            raise ValueError(f"this board has no key {unknown[0]!r}, only {''.join(sorted(self.matrix.keys))}")
        done = threading.Event()
        self.do(lambda: self._queue(presses, done))
        if wait:
            done.wait()

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self.do(self.power_cut)
        self.do(self.lan.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.flash.close()
        self.page.close()

    # power and resets

    def power_on(self) -> None:
        if not self.powered:
            self.powered = True
            self.page.lose_power()
            self.panel.power_on(monotonic_us())
            self._start(PWRON_RESET)

    def power_cut(self) -> None:
        if self.powered:
            self.powered = False
            self._stop()
            self.panel.power_off(monotonic_us())

    def _start(self, cause: int) -> None:
        self.page.reset_pins()
        self.page[shared.RESET_CAUSE] = cause
        try:
            self._nvs.mount()
        except PowerFailed:
            self.power_cut()
            return
        options = self._options
        self._process = FirmwareProcess(self._fakes, self.page.fileno, self.flash.fileno, options.log, options.heap, options.bits)
        self._loop.add_reader(self._process.socket, self._hear)
        self._pump()

    def _stop(self) -> None:
        if self._watchdog_timer:
            self._watchdog_timer.cancel()
        self._watchdog_timer = None
        if self._pump_timer:
            self._pump_timer.cancel()
        for task in self._tasks:
            task.cancel()
        self.lan.station_gone()
        self.radio.lose_power()
        if self._process is not None:
            self._loop.remove_reader(self._process.socket)
            self._process.kill()
            self._process = None
        self._take_pin_events()

    def _reset(self, cause: int) -> None:
        self._stop()
        self.panel.reset_pins(monotonic_us())
        self._start(cause)

    # the firmware's calls

    def _hear(self) -> None:
        process = self._process
        if process is None:
            return
        heard = process.receive()
        self._take_pin_events()
        if heard is None:
            self._ended(process)
            return
        for call in heard:
            self._carry_out(process, call)
        self._pump()

    def _carry_out(self, process: FirmwareProcess, call: Call) -> None:
        if call.operation == calls.BELL:
            return
        if call.operation == calls.RESET:
            self._reset(call.a)
            return
        handler = self._handlers.get(call.operation)
        if handler is None:
            process.answer(0)
            return
        try:
            answer = handler(call)
        except PowerFailed:
            self.power_cut()
            return
        if isinstance(answer, Answer):
            self._answer(process, answer)
        else:
            task = self._loop.create_task(self._answer_later(process, answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer_later(self, process: FirmwareProcess, answer: Awaitable[Answer]) -> None:
        self._answer(process, await answer)

    def _answer(self, process: FirmwareProcess, answer: Answer) -> None:
        if answer.seconds > 0.002:
            self._loop.call_later(answer.seconds, process.answer, answer.status, answer.data)
            return
        if answer.seconds:
            time.sleep(answer.seconds)  # finer than the loop's timers, and too short to hold anything up
        process.answer(answer.status, answer.data)

    def _booted(self, _call: Call) -> Answer:
        self.report(monotonic_us(), {"event": "booted"})
        return calls.DONE

    def _ended(self, process: FirmwareProcess) -> None:
        self._loop.remove_reader(process.socket)
        self._process = None
        status = process.wait()
        self.report(monotonic_us(), {"event": "halted", "status": status, "last_line": last_line(self._options.log)})

    def _watchdog(self, call: Call) -> Answer:
        self._watchdog_ms = call.a
        self._watch()
        return calls.DONE

    def _watch(self) -> None:
        """Bite when the last feed is too long ago, else look again when it would be."""
        if self._watchdog_timer:
            self._watchdog_timer.cancel()
        starved_ms = (self.page.ticks_ms() - self.page[shared.WDT_FED]) % shared.TICKS
        if starved_ms < self._watchdog_ms:
            self._watchdog_timer = self._loop.call_later((self._watchdog_ms - starved_ms + 1) / 1000, self._watch)
        else:
            self.report(monotonic_us(), {"event": "watchdog"})
            self._reset(WDT_RESET)

    # the network

    def set_network(self, up: bool) -> None:
        self.radio.set_in_reach(up)
        self.lan.link_changed()

    def _link_changed(self, joined: bool) -> None:
        self.report(monotonic_us(), {"event": "connected" if joined else "disconnected"})
        self.lan.link_changed()
        if self._address_timer:
            self._address_timer.cancel()
        self._address_timer = None if joined else self._loop.call_later(ADDRESS_KEPT_S, self.lan.addresses_gone)

    # pins and fingers

    def report(self, us: int, event: Event) -> None:
        """Put an event into the log, with its time in milliseconds since the board came onto the bench."""
        self._events.add({"t_ms": round((us - self._started_us) / 1000, 1), **event})

    def contact(self, key: str, closed: bool) -> None:
        self.matrix.set(key, closed)
        if closed:
            self.report(monotonic_us(), {"key": key})

    def _take_pin_events(self) -> bool:
        took = False
        for event in self.page.take_events():
            self.panel.take(event)
            took = True
        return took

    def _pump(self) -> None:
        """Take what the pins did; look again soon while they are busy, else ask for a bell."""
        if self._pump_timer:
            self._pump_timer.cancel()
        busy = self._take_pin_events()
        busy |= self.panel.refresh(monotonic_us())
        if not busy:
            self.page[shared.BELL] = 1
            busy = self.page[shared.WRITE] != self.page[shared.READ]
        if self.powered:
            self._pump_timer = self._loop.call_later(PUMP_S if busy else BELL_LOST_S, self._pump)

    def _queue(self, presses: Sequence[Press], done: threading.Event) -> None:
        at = max(self._loop.time(), self._keys_free_at)
        for key, down_ms, up_ms in presses:
            self._loop.call_at(at, self.report_key, key)
            for ms, closed in self.matrix.bounce(True):
                self._loop.call_at(at + ms / 1000, self.matrix.set, key, closed)
            at += down_ms / 1000
            for ms, closed in self.matrix.bounce(False):
                self._loop.call_at(at + ms / 1000, self.matrix.set, key, closed)
            at += up_ms / 1000
        self._keys_free_at = at
        self._loop.call_at(at, done.set)

    def report_key(self, key: str) -> None:
        self.report(monotonic_us(), {"key": key})

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


def last_line(log: Path) -> str:
    """What the firmware said last, which is the exception when it died of one."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
