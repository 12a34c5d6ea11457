"""A board on the bench: switch it on, press its keys, read its glass, cut its power.

    with BenchBoard(image, boards.load("esp32-devkit-4mb"), workdir) as board:
        board.power_on()
        board.keys("13800138000#")
        board.wait_lcd("10620007")

Every method may be called from any thread. The board itself lives on a thread of its own; its firmware is a MicroPython
process. Times are real unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from host_tools.boards import Board
from simulator.events import Event, EventLog
from simulator.flash import Torn
from simulator.machine_room import MachineRoom, Options
from simulator.page import monotonic_us
from simulator.partitions import read_table
from simulator.wiring import Wiring

Lcd = list[str]


class BenchBoard:
    """One terminal.

    `image` is what is written to flash from address 0 (None keeps the flash file of an earlier run in `workdir`);
    `board` comes from `host_tools.boards.load`. `fast` makes flash operations take no time. `heap` is the size of
    MicroPython's heap and `bits` the word size of its build; 32 and 96K stand for the device. `mac` is the chip's number. `flash_file` is where the flash
    lies [workdir/flash.bin].
    """

    def __init__(
        self, image: bytes | bytearray | None, board: Board, workdir: Path, *, fast: bool = False, bits: int = 32,
        heap: str = "96K", mac: bytes = b"\x24\x0a\xc4\x00\x00\x01", seed: int = 0, flash_file: Path | None = None,
    ) -> None:  # fmt: skip
        workdir.mkdir(parents=True, exist_ok=True)
        self.events = EventLog()
        self.log = workdir / "firmware.log"
        """What the firmware printed, tracebacks included."""
        flash = flash_file or workdir / "flash.bin"
        options = Options(workdir, flash, self.log, fast=fast, bits=bits, heap=heap, mac=mac, seed=seed)
        self._room = MachineRoom(image, Wiring.of(board), options, self.events)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Cut the power and let everything go. Harmless when done twice."""
        self._room.close()

    # power

    def power_on(self) -> None:
        """Switch on; nothing when it is on. Returns at once: wait for the event "booted" or for the glass."""
        self._room.do(self._room.power_on)

    def power_cut(self) -> None:
        """Cut the power this instant: RAM, RTC, RTC memory and pins are gone, flash and the clock chip stay."""
        self._room.do(self._room.power_cut)

    def power_cut_after_flash_ops(self, operation: int | None, torn: Torn | None = None, seed: int = 0) -> None:
        """Let the power fail at the Nth flash operation from now, counting from 1; None takes it back.

        An operation is one sector erase or one program call. Clean: that operation does not happen. `torn`: `half` of its
        bytes, `one_bit` of its changes, or `all_but_one` of them, are done; `seed` chooses the bit.
        """
        self._room.do(lambda: self._room.flash.cut_at(operation, torn, seed))

    def powered(self) -> bool:
        return self._room.powered

    def joined(self) -> bool:
        """Whether the station believes itself joined."""
        return self._room.radio.joined

    def note(self, event: Event) -> None:
        """Put an event of the outside into the log, with the time it is now."""
        self._room.do(lambda: self._room.report(monotonic_us(), event))

    # fingers

    @property
    def key_names(self) -> frozenset[str]:
        return self._room.matrix.keys

    def keys(self, text: str, down_ms: float = 60, up_ms: float = 60, wait: bool = True) -> None:
        """Press the keys one after the other, each closed for `down_ms` and then open for `up_ms`.

        Contacts bounce. Several calls queue. With `wait`, returns when the last key is up. ValueError names a key that
        the board does not have; nothing is pressed then.
        """
        self._room.press([(key, down_ms, up_ms) for key in text], wait)

    def hold(self, key: str, ms: float, wait: bool = True) -> None:
        """Hold one key for `ms`."""
        self._room.press([(key, ms, 60)], wait)

    def contact(self, key: str, closed: bool) -> None:
        """Close or open one contact without bounce, beside whatever `keys` does: for chords and ghost keys."""
        self._room.do(lambda: self._room.contact(key, closed))

    # the world outside

    def clock(self, iso: str | datetime, alone: bool = False) -> None:
        """Make it that time in the world: NTP answers it, and every clock on the board that was set moves along.

        With `alone` only NTP's answer changes: the board's clocks are then wrong. Ticks never jump.
        """
        clock = self._room.clock
        self._room.do(lambda: (clock.set_world_alone if alone else clock.set_world)(_unix(iso)))

    def clock_chip(self, iso: str | datetime | None) -> None:
        """Set the DS3231 by hand; None empties its battery (its oscillator-stop flag shows)."""
        unix = None if iso is None else _unix(iso)
        self._room.do(lambda: self._room.clock.set_chip(unix))

    def network(self, up: bool) -> None:
        """Switch the access point on or off. Packets stop at once; the station notices half a second later."""
        self._room.do(lambda: self._room.set_network(up))

    def lan(self, **settings: Any) -> None:
        """Change what lies beyond the antenna: see `simulator.lan.Lan` for `delay_ms`, `tcp`, `dns` and `hosts`."""
        self._room.do(lambda: self._room.lan.change(**settings))

    def cut_connections(self) -> None:
        """Reset every open TCP connection of the board, both ends."""
        self._room.do(self._room.lan.cut_connections)

    # what a person sees

    @property
    def lcd(self) -> Lcd:
        """The display's rows as last reported."""
        return list(self._room.panel.glass)

    @property
    def leds(self) -> dict[str, bool]:
        return dict(self._room.panel.leds)

    def wait_lcd(self, wanted: str | Callable[[Lcd], bool], timeout: float = 5.0) -> Lcd:
        """Wait until the glass contains `wanted` (or the predicate says so) and return it; TimeoutError shows it."""
        fits = wanted if callable(wanted) else lambda lcd: any(wanted in row for row in lcd)
        shown: list[Lcd] = []

        def looks_right(_event: object = None) -> bool:
            shown[:] = [self.lcd]
            return fits(shown[0])

        position = self.events.position
        if looks_right():
            return shown[0]
        try:
            self.events.wait(lambda event: "lcd" in event and looks_right(event), timeout, position)
        except TimeoutError:
            looked_for = repr(wanted) if isinstance(wanted, str) else "that"
            tail = "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-5:])
            raise TimeoutError(f"the display did not show {looked_for} in {timeout} s but {self.lcd}\n{tail}") from None
        return shown[0]

    def wait_event(self, name: str, timeout: float = 5.0, since: int | None = None) -> dict[str, Any]:
        """Wait for `{"event": name}`, from `since` (an EventLog position; now, unless given) on."""
        return self.events.wait(lambda event: event.get("event") == name, timeout, since)

    # what a technician's tools see

    def flash_image(self) -> bytes:
        return self._room.do(self._room.flash.image)

    def write_partition(self, label: str, data: bytes) -> None:
        """Put a partition's contents in, as a programmer does; the rest of it is erased. Only while the power is off."""
        if self._room.powered:
            raise RuntimeError("cut the power before writing to the flash")
        part = next((p for p in read_table(self._room.flash) if p.label == label), None)
        if part is None or len(data) > part.size:
            raise ValueError(f"{len(data)} bytes do not fit into a partition {label} of this board")
        self._room.do(lambda: self._room.flash.put(part.at, data.ljust(part.size, b"\xff")))

    def partition(self, label: str) -> bytes:
        """What a partition holds."""
        part = next(p for p in read_table(self._room.flash) if p.label == label)
        return self._room.do(lambda: self._room.flash.read(part.at, part.size))

    def flash_operations(self) -> dict[str, int]:
        """How many "erase" and "program" operations there were."""
        return dict(self._room.flash.operations)


def _unix(moment: str | datetime) -> float:
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if when.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, as in 2026-12-01T00:00:00+08:00")
    return when.timestamp()
