"""One terminal as browsers see it: what it is, what changes, and what they may do to it.

Everything goes as small JSON objects with `t`, the terminal's number on the page:

    to the page   {"t", "glass": base64 of all dots, row by row, "rows": the same as text, "backlight"}
                  {"t", "led": {"green", "red"}} · {"t", "tone": Hz or 0} · {"t", "key", "down"}
                  {"t", "power"} · {"t", "network"} · {"t", "joined"} · {"t", "event"}
                  {"t", "facts": {"time", "programs", "erases", "waiting", "capacity", "total"}} once a second
    from it       {"t", "down": key} · {"t", "up": true} · {"t", "power": bool} · {"t", "network": bool}
                  {"t", "time": ISO 8601 with its offset}
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from simulator.board import BenchBoard
from simulator.dots import dots
from simulator.events import Event
from simulator.panel.finger import Finger
from simulator.panel.journal_gauge import Gauge, gauge
from simulator.pictures import BLUE, GREEN, Look
from simulator.st7920 import St7920

Frame = dict[str, Any]
FACTS_EVERY_S = 1.0


class Feed:
    """The terminal `name` with the keys of `layout`, number `number` of the page. `send` gets frames, on the server's loop."""

    def __init__(self, number: int, name: str, title: str, layout: tuple[str, ...], board: BenchBoard) -> None:
        self._number = number
        self._name = name
        self._title = title
        self._layout = layout
        self._board = board
        self._network = True
        self._gauge: Gauge | None = None
        self._gauged_at: dict[str, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.send: Callable[[Frame], None] = _nobody
        self.finger = Finger(self._contact)

    def connect(self, send: Callable[[Frame], None]) -> None:
        """Begin to watch the board, and hand what it does to `send` on the running loop."""
        self.send = send
        self._loop = asyncio.get_running_loop()
        self._board.events.watch(self._happened)
        self._board.listen(lambda hz: self._post({"tone": hz}))

    async def run(self) -> None:
        """Move the finger and tell the facts, for ever."""
        finger = asyncio.create_task(self.finger.run())
        try:
            while True:
                self.send({"t": self._number, "facts": await asyncio.to_thread(self.facts)})
                self.send(self._frame({"joined": self._board.joined()}))
                await asyncio.sleep(FACTS_EVERY_S)
        finally:
            finger.cancel()

    def description(self) -> Frame:
        """What does not change: name, keys, and how its display is drawn."""
        display = self._board.display
        look = BLUE if isinstance(display, St7920) else GREEN
        matrix = dots(display)
        return {
            "t": self._number,
            "name": self._name,
            "title": self._title,
            "layout": self._layout,
            "display": {
                "width": matrix.width, "height": matrix.height, "cellWidth": matrix.cell_width, "cellHeight": matrix.cell_height,
                **_drawn(look),
            },
        }  # fmt: skip

    def state(self) -> list[Frame]:
        """Everything that may have changed: what a browser that comes later needs."""
        return [
            self._frame(part)
            for part in (
                {"power": self._board.powered()}, {"network": self._network}, {"joined": self._board.joined()},
                {"led": self._board.leds}, {"tone": 0}, self._glass(),
            )
        ]  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """What is to be known at a glance. Reads the journal's flash when something was written to any."""
        operations = self._board.flash_operations()
        if operations != self._gauged_at:
            self._gauge, self._gauged_at = gauge(self._board), operations
        held = self._gauge
        return {
            "time": self._board.world_time(),
            "programs": operations.get("program", 0),
            "erases": operations.get("erase", 0),
            "waiting": held.waiting if held else 0,
            "capacity": held.capacity if held else 0,
            "total": held.total if held else 0,
        }

    def act(self, wish: Frame) -> None:
        """Carry out what a browser asks. ValueError for what makes no sense."""
        if isinstance(key := wish.get("down"), str):
            if key not in self._board.key_names:
                raise ValueError(f"this terminal has no key {key!r}")
            self.finger.down(key)
        elif wish.get("up") is True:
            self.finger.up()
        elif isinstance(on := wish.get("power"), bool):
            (self._board.power_on if on else self._board.power_cut)()
            self.send(self._frame({"power": on}))
        elif isinstance(up := wish.get("network"), bool):
            self._network = up
            self._board.network(up)
            self.send(self._frame({"network": up}))
        elif isinstance(moment := wish.get("time"), str):
            self._board.clock(moment)
        else:
            raise ValueError("nothing known in this message")

    def _contact(self, key: str, closed: bool) -> None:
        self._board.contact(key, closed)
        self.send(self._frame({"key": key, "down": closed}))

    def _happened(self, event: Event) -> None:
        """On the board's thread: its display holds still meanwhile."""
        if "lcd" in event:
            self._post(self._glass())
        elif "led" in event:
            self._post({"led": event["led"]})
        elif event.get("event") in ("connected", "disconnected"):
            self._post({"joined": event["event"] == "connected"})
        elif "event" in event:
            self._post({"event": event["event"], "power": self._board.powered()})
            self._post(self._glass())

    def _glass(self) -> Frame:
        matrix = dots(self._board.display)
        bits = base64.b64encode(matrix.packed()).decode()
        return {"glass": bits, "rows": self._board.lcd, "backlight": self._board.backlight}

    def _post(self, part: Frame) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.send, self._frame(part))

    def _frame(self, part: Frame) -> Frame:
        return {"t": self._number, **part}


def _nobody(_frame: Frame) -> None:
    """Before `connect` there is nobody to tell."""


def _drawn(look: Look) -> Frame:
    def colours(palette: tuple[Any, ...]) -> list[str]:
        return ["#" + bytes(colour).hex() for colour in palette]

    return {
        "lit": colours(look.lit), "unlit": colours(look.unlit), "dot": look.dot, "dotGap": look.dot_gap, "cellGap": look.cell_gap,
        "margin": look.margin, "bezel": look.bezel,
    }  # fmt: skip
