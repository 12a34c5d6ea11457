"""A board on the bench: switch it on, press its keys, read its glass, cut its power.

    board = boards.load("esp32-devkit-4mb")
    with BenchBoard(build_image(board).data, board, workdir) as bench:
        bench.power_on()
        bench.keys("13800138000#")
        bench.wait_lcd("10620007")

Every method may be called from any thread but the board's own (the one `events.watch` calls back on). The firmware is a
MicroPython process of its own. Times are real, unless the board is made with `virtual=True`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from host_tools.boards import Board, Partition
from simulator.board_thread import BoardThread
from simulator.events import Event, EventLog
from simulator.fingers import Press
from simulator.firmware_process import FirmwareProcess
from simulator.flash import SECTOR, Torn, partitions
from simulator.hd44780 import Hd44780
from simulator.machine_room import MachineRoom, Options
from simulator.st7920 import St7920
from simulator.wiring import Wiring

Lcd = list[str]

HEAP = "96K"
"""What the firmware has on the bench, the fakes' 9 KB included: docs/heap.md."""


class BenchBoard:
    """One terminal.

    `image` is what is written to flash from address 0; None keeps what lies in `flash_file` [workdir/flash.bin].
    `board` comes from `host_tools.boards.load`. `fast` makes flash operations take no time. `heap` is the size of
    MicroPython's heap and `bits` the word size of its build. `mac` is the chip's number;
    `seed` chooses how contacts bounce. `virtual` lets time pass only inside `run`, `keys`, `hold` and the waits, as quickly
    as the firmware can be run: for scenarios that await nothing outside. `process` is how the firmware is run: a subclass
    can give it a console.
    """

    def __init__(
        self, image: bytes | bytearray | None, board: Board, workdir: Path, *, fast: bool = False, bits: int = 32,
        heap: str = HEAP, mac: bytes = b"\x24\x0a\xc4\x00\x00\x01", seed: int = 0, flash_file: Path | None = None,
        virtual: bool = False, process: type[FirmwareProcess] = FirmwareProcess,
    ) -> None:  # fmt: skip
        workdir.mkdir(parents=True, exist_ok=True)
        self.events = EventLog()
        self.log = workdir / "firmware.log"
        """What the firmware printed, tracebacks included."""
        self.log.touch()
        self.virtual = virtual
        wiring = Wiring.of(board)
        flash = flash_file or workdir / "flash.bin"
        options = Options(workdir, flash, self.log, fast, bits, heap, mac, seed, virtual, process)
        self._thread = BoardThread(f"board {board.name}")
        try:
            self._room = self._thread.do(lambda: MachineRoom(image, wiring, options, self.events, self._thread))
        except BaseException:
            self._thread.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Cut the power and let everything go. Harmless when done twice."""
        if not self._thread.ended:
            self._thread.do(self._room.close)
            self._thread.end()

    # power

    def power_on(self) -> None:
        """Switch on; nothing when it is on. Returns at once: wait for the event "booted" or for the glass."""
        self._thread.do(self._room.power_on)

    def power_cut(self) -> None:
        """Cut the power this instant: RAM, RTC, RTC memory and pins are gone, flash and the clock chip stay."""
        self._thread.do(self._room.power_cut)

    def power_cut_after_flash_ops(self, operation: int | None, torn: Torn | None = None, seed: int = 0) -> None:
        """Let the power fail at the Nth flash operation from now, counting from 1; None takes it back.

        An operation is one sector erase or one program call. Clean: that operation does not happen. `torn`: `half` of its
        bytes, `one_bit` of its changes, or `all_but_one` of them, are done; `seed` chooses the bit.
        """
        self._thread.do(lambda: self._room.flash.cut_at(operation, torn, seed))

    def powered(self) -> bool:
        return self._room.powered

    # fingers

    @property
    def key_names(self) -> frozenset[str]:
        return self._room.keys

    def keys(self, text: str, down_ms: float = 60, up_ms: float = 60, wait: bool = True) -> None:
        """Press the keys one after the other, each closed for `down_ms` and then open for `up_ms`.

        Contacts bounce. Several calls queue. With `wait`, returns when the last key is up. ValueError names a key that
        the board does not have; nothing is pressed then.
        """
        self._press([(key, down_ms, up_ms) for key in text], wait)

    def hold(self, key: str, ms: float, wait: bool = True) -> None:
        """Hold one key for `ms`."""
        self._press([(key, ms, 60)], wait)

    def contact(self, key: str, closed: bool) -> None:
        """Close or open one contact without bounce, beside whatever `keys` does: for chords and ghost keys."""
        self._thread.do(lambda: self._room.fingers.set(key, closed))

    # the world outside

    def clock(self, iso: str | datetime, alone: bool = False) -> None:
        """Make it that time in the world: NTP answers it, and every clock on the board that was set moves along.

        With `alone` only NTP's answer changes: the board's clocks are then wrong. Ticks never jump.
        """
        unix = _unix(iso)
        clock = self._room.clock
        self._thread.do(lambda: (clock.set_world_alone if alone else clock.set_world)(unix))

    def clock_chip(self, iso: str | datetime | None) -> None:
        """Set the DS3231 by hand; None empties its battery (its oscillator-stop flag shows, as on a new chip)."""
        unix = None if iso is None else _unix(iso)
        self._thread.do(lambda: self._room.clock.set_chip(unix))

    def network(self, up: bool) -> None:
        """Switch the access point on or off. Packets stop at once; the station notices half a second later."""
        self._thread.do(lambda: self._room.set_network(up))

    def wifi_accepts(self, ssid: str, key: str) -> None:
        """Let only this name and key in; until then every one is."""
        self._thread.do(lambda: setattr(self._room.radio, "accepts", (ssid, key)))

    def lan(self, **settings: Any) -> None:
        """Change what lies beyond the antenna: see `simulator.lan.Lan` for `delay_ms`, `loss`, `tcp`, `dns` and `hosts`."""
        self._thread.do(lambda: self._room.lan.change(**settings))

    @property
    def lost_packets(self) -> int:
        """How many packets have been lost to `lan(loss=…)`."""
        return self._room.lan.lost_packets

    def cut_connections(self) -> None:
        """Reset every open TCP connection of the board, both ends."""
        self._thread.do(self._room.lan.cut_connections)

    def note(self, event: Event) -> None:
        """Put an event of the outside into the log, with the time it is now."""
        self._thread.do(lambda: self._room.note(event))

    # what a person sees

    @property
    def lcd(self) -> Lcd:
        """The display's rows as last reported."""
        return list(self._room.panel.glass)

    @property
    def display(self) -> Hd44780 | St7920:
        """The display's controller. Its memory changes under the eyes of other threads: read it in an event's watcher."""
        return self._room.panel.display

    @property
    def leds(self) -> dict[str, bool]:
        return dict(self._room.panel.leds)

    @property
    def backlight(self) -> bool:
        return self._room.panel.backlight

    def listen(self, listener: Callable[[int], None]) -> None:
        """Call `listener` on the board's own thread with the pitch in Hz as a tone begins, and with 0 as it ends."""
        self._thread.do(lambda: self._room.panel.on_tone.append(listener))

    def world_time(self) -> float:
        """Unix seconds outside the board."""
        return self._room.clock.now()

    def joined(self) -> bool:
        """Whether the station believes itself joined."""
        return self._room.radio.joined

    # waiting

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Virtual time only: let it pass until `until` says so, or `seconds` are over (then False)."""
        return self._thread.wait_for(self._room.run_virtual(until, seconds))

    def wait_lcd(self, wanted: str | Callable[[Lcd], bool], timeout: float = 5.0) -> Lcd:
        """Wait until the glass contains `wanted` (or the predicate says so) and return it; TimeoutError shows it."""
        fits = wanted if callable(wanted) else lambda lcd: any(wanted in row for row in lcd)
        found: list[Lcd] = []

        def look() -> bool:
            lcd = self.lcd
            if fits(lcd):
                found.append(lcd)
            return bool(found)

        if not self._wait(look, lambda event: "lcd" in event, timeout):
            looked_for = repr(wanted) if isinstance(wanted, str) else "what was waited for"
            said = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
            raise TimeoutError(f"the display did not show {looked_for} within {timeout} s but {self.lcd}\n{said}")
        return found[0]

    def wait_event(self, name: str, timeout: float = 5.0, since: int | None = None) -> Event:
        """Wait for `{"event": name}`, from `since` (an `events.position`; now, unless given) on."""
        start = self.events.position if since is None else since
        found: list[Event] = []

        def look() -> bool:
            found[:] = [event for event in self.events.since(start) if event.get("event") == name]
            return bool(found)

        if not self._wait(look, lambda event: "event" in event, timeout):
            raise TimeoutError(f"there was no event {name} within {timeout} s")
        return found[0]

    def _wait(self, look: Callable[[], bool], worth_a_look: Callable[[Event], bool], timeout: float) -> bool:
        if self.virtual:
            return self.run(timeout, look)
        position = self.events.position
        if look():
            return True
        try:
            self.events.wait(lambda event: worth_a_look(event) and look(), timeout, position)
        except TimeoutError:
            return False
        return True

    def _press(self, presses: list[Press], wait: bool) -> None:
        fingers = self._room.fingers
        fingers.check(presses)
        done = self._thread.do(lambda: fingers.press(presses))
        if wait and self.virtual:
            self.run(3600, done.is_set)
        elif wait:
            done.wait()

    # what a technician's tools see

    def flash_image(self) -> bytes:
        return self._thread.do(self._room.flash.image)

    def partition(self, label: str) -> bytes:
        """What a partition holds."""
        part = self._partition(label)
        return self._thread.do(lambda: self._room.flash.read(part.offset, part.size))

    def sector_heads(self, label: str, length: int) -> list[bytes]:
        """The first bytes of each sector of a partition."""
        part = self._partition(label)
        flash = self._room.flash
        return self._thread.do(lambda: [flash.read(at, length) for at in range(part.offset, part.end, SECTOR)])

    def write_partition(self, label: str, data: bytes) -> None:
        """Put a partition's contents in, as a programmer does; the rest of it is erased. Only while the power is off."""
        if self._room.powered:
            raise RuntimeError("cut the power before writing to the flash")
        part = self._partition(label)
        if len(data) > part.size:
            raise ValueError(f"{len(data)} bytes do not fit into the {part.size} of partition {label}")
        self._thread.do(lambda: self._room.flash.put(part.offset, data.ljust(part.size, b"\xff")))

    def flash_operations(self) -> dict[str, int]:
        """How many "erase" and "program" operations there were since the board came onto the bench."""
        return dict(self._room.flash.operations)

    def flash_erases(self) -> dict[int, int]:
        """Erases by sector number."""
        return dict(self._room.flash.erases)

    def pid(self) -> int | None:
        """The firmware's process, None while none runs: to measure it, or to kill it as no board ever would."""
        return self._room.pid

    def _partition(self, label: str) -> Partition:
        for part in partitions(self._room.flash):
            if part.label == label:
                return part
        raise ValueError(f"the board's flash has no partition {label}")


def _unix(moment: str | datetime) -> float:
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if when.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, as in 2026-12-01T00:00:00+08:00")
    return when.timestamp()
