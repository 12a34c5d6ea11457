"""The inside of a board: its parts, its firmware process, and what they do to each other.

Everything here runs on the board's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simulator import calls
from simulator import page as shared
from simulator.board_thread import BoardThread
from simulator.calls import Answer, Handler
from simulator.ds3231 import Ds3231
from simulator.events import Event, EventLog
from simulator.fakes_build import compiled_fakes
from simulator.fingers import Fingers
from simulator.firmware_process import Call, FirmwareProcess, last_line
from simulator.flash import NorFlash, PowerFailed
from simulator.front_panel import FrontPanel
from simulator.key_matrix import KeyMatrix
from simulator.lan import Lan
from simulator.page import Page
from simulator.radio import Radio
from simulator.timeline import RealTime, Timeline, Timer, VirtualTime
from simulator.wiring import Wiring
from simulator.world_clock import WorldClock

PWRON_RESET, WDT_RESET = 1, 3
ADDRESS_KEPT_MS = 120_000.0  # ESP-IDF's IP_LOST_TIMER_INTERVAL: after that connections are aborted
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
    virtual: bool
    process: type[FirmwareProcess] = FirmwareProcess


class MachineRoom:
    """The parts may be looked at from other threads; changes go through `thread.do`."""

    def __init__(
        self, image: bytes | bytearray | None, wiring: Wiring, options: Options, events: EventLog, thread: BoardThread
    ) -> None:
        self._options = options
        self._events = events
        self._fakes = compiled_fakes(wiring.flash_bytes, options.virtual)
        self._loop = thread.loop
        self.page = Page(options.workdir)
        self.page.put_bytes(shared.UNIQUE_ID, options.mac)
        self.virtual: VirtualTime | None = None
        self.timeline: Timeline = RealTime(self._loop)
        if options.virtual:
            self.timeline = self.virtual = VirtualTime(self.page)
            self.virtual.firmware_runs = lambda: self._process is not None
        self._started_us = self.timeline.now_us()
        self.flash = NorFlash(options.flash, wiring.flash_bytes, image)
        self.clock = WorldClock(self.page, self.timeline)
        self.panel = FrontPanel(wiring, self.report)
        matrix = KeyMatrix(self.page, wiring.keypad_rows, wiring.keypad_columns, wiring.layout, wiring.pulled_up, options.seed)
        self.keys = matrix.keys
        self.fingers = Fingers(matrix, self.timeline, self.report)
        self.radio = Radio(self.page, self.timeline, self._link_changed)
        self.lan = Lan(self._loop, lambda: self.radio.passing, self.clock.now, options.seed)
        self._nvs = calls.NvsCalls(self.flash, options.fast)
        self._handlers: dict[int, Handler] = {
            calls.BOOTED: self._booted,
            calls.WATCHDOG: self._watchdog,
            **calls.FlashCalls(self.flash, options.fast).handlers(),
            **calls.I2cCalls(Ds3231(self.clock) if wiring.clock_chip else None, wiring.expander, self._expander).handlers(),
            **self._nvs.handlers(),
            **self.radio.handlers(),
            **self.lan.handlers(),
        }
        self._process: FirmwareProcess | None = None
        self.powered = False
        self._watchdog_ms = 0
        self._watchdog_timer: Timer | None = None
        self._address_timer: Timer | None = None
        self._pump_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        self.power_cut()
        self.lan.close()
        if self.virtual:
            self.virtual.close()
        self.flash.close()
        self.page.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def report(self, us: int, event: Event) -> None:
        """Put an event into the log, with its time in milliseconds since the board came onto the bench."""
        self._events.add({"t_ms": round((us - self._started_us) / 1000, 1), **event})

    def note(self, event: Event) -> None:
        """Put an event into the log that happens now."""
        self.report(self.timeline.now_us(), event)

    # power and resets

    def power_on(self) -> None:
        if not self.powered:
            self.powered = True
            self.page.lose_power(self.timeline.ticks_ms())
            if self.virtual:
                self.virtual.new_page()
            self.panel.power_on(self.timeline.now_us())
            self._start(PWRON_RESET)

    def power_cut(self) -> None:
        if self.powered:
            self.powered = False
            self._stop()
            self.panel.power_off(self.timeline.now_us())

    def _start(self, cause: int) -> None:
        self.page.reset_pins()
        self.page[shared.RESET_CAUSE] = cause
        try:
            self._nvs.mount()
        except PowerFailed:
            self.power_cut()
            return
        options = self._options
        with options.log.open("a") as log:
            log.write(f"bench: reset {cause} at {(self.timeline.now_us() - self._started_us) // 1000} ms\n")
        self._process = options.process(self._fakes, self.page.fileno, self.flash, options.log, options.heap, options.bits)
        self._loop.add_reader(self._process.socket, self._hear)
        self._pump()

    def _stop(self) -> None:
        for timer in (self._watchdog_timer, self._pump_timer):
            if timer:
                timer.cancel()
        for task in self._tasks:
            task.cancel()
        self.lan.station_gone()
        self.radio.lose_power()
        if self._process is not None:
            self._loop.remove_reader(self._process.socket)
            self._process.kill()
            self._process = None
        self.take_pin_events()
        if self._nvs.uncommitted:
            with self._options.log.open("a") as log:
                log.write("bench: NVS was set without commit() before this reset; a board may lose that\n")
        if self.virtual:
            self.virtual.forget_firmware()

    def _reset(self, cause: int) -> None:
        self._stop()
        self.panel.reset_pins(self.timeline.now_us())
        self._start(cause)

    # the firmware's calls

    def _hear(self) -> None:
        process = self._process
        if process is None:
            return
        heard = process.receive()
        self.take_pin_events()
        if heard is None:
            self._ended(process, None)
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
        if call.operation == calls.HALTED:
            self._ended(process, call.a)
            return
        if call.operation == calls.SLEEP and self.virtual:
            self.virtual.sleep(call.a, partial(process.answer, 0))
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
            self.timeline.busy(answer.seconds, partial(process.answer, answer.status, answer.data))
        else:
            task = self._loop.create_task(self._answer_later(process, answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer_later(self, process: FirmwareProcess, answer: Awaitable[Answer]) -> None:
        status, data, _ = await answer
        process.answer(status, data)

    def _booted(self, _call: Call) -> Answer:
        self.note({"event": "booted"})
        return calls.DONE

    def _ended(self, process: FirmwareProcess, status: int | None) -> None:
        """The firmware has nothing more to run (`status` 0, or not when it died of an exception), or its process is gone."""
        # A board whose main.py has ended says no good-bye to its connections: only the process here would.
        self.lan.station_gone()
        self._loop.remove_reader(process.socket)
        self._process = None
        if status is not None:
            process.kill()
        else:
            status = process.wait()
        self.note({"event": "halted", "status": status, "last_line": last_line(self._options.log)})
        if self.virtual:
            self.virtual.forget_firmware()

    def _watchdog(self, call: Call) -> Answer:
        self._watchdog_ms = call.a
        self._watch()
        return calls.DONE

    def _watch(self) -> None:
        """Bite when the last feed is too long ago, else look again when it would be."""
        if self._watchdog_timer:
            self._watchdog_timer.cancel()
        starved_ms = (self.timeline.ticks_ms() - self.page[shared.WDT_FED]) % shared.TICKS
        if starved_ms < self._watchdog_ms:
            self._watchdog_timer = self.timeline.after_ms(self._watchdog_ms - starved_ms + 1, self._watch)
        else:
            self.note({"event": "watchdog"})
            self._reset(WDT_RESET)

    # the network

    def set_network(self, up: bool) -> None:
        self.radio.set_in_reach(up)
        self.lan.link_changed()

    def _link_changed(self, joined: bool) -> None:
        self.note({"event": "connected" if joined else "disconnected"})
        self.lan.link_changed()
        if self._address_timer:
            self._address_timer.cancel()
        self._address_timer = None if joined else self.timeline.after_ms(ADDRESS_KEPT_MS, self.lan.addresses_gone)

    # pins

    def _expander(self, outputs: int) -> None:
        """The display's lines change behind the expander, which no pin event tells of."""
        self.panel.expander(self.timeline.now_us(), outputs)
        if not self.virtual and self._pump_timer is not None and self.page[shared.BELL]:
            self.page[shared.BELL] = 0
            self._pump()

    def take_pin_events(self) -> bool:
        took = False
        for event in self.page.take_events(self.timeline.now_us()):
            self.panel.take(event)
            took = True
        return took

    def look(self) -> bool:
        """Take what the pins did and report what is to be seen of it; True while there may soon be more."""
        took = self.take_pin_events()
        return self.panel.refresh(self.timeline.now_us()) or took

    def _pump(self) -> None:
        """Look again soon while pins are busy, else ask for a bell. In virtual time whoever runs it looks."""
        if self.virtual:
            return
        if self._pump_timer:
            self._pump_timer.cancel()
        busy = self.look()
        if not busy:
            self.page[shared.BELL] = 1
            busy = self.page[shared.WRITE] != self.page[shared.READ]
        if self.powered:
            self._pump_timer = self._loop.call_later(PUMP_S if busy else BELL_LOST_S, self._pump)

    async def run_virtual(self, until: Callable[[], bool], seconds: float) -> bool:
        """See `VirtualTime.run`; RuntimeError on a board in real time."""
        if self.virtual is None:
            raise RuntimeError("this board runs in real time; make it with virtual=True")
        return await self.virtual.run(until, seconds, self.look)
