"""The self-test of one unit: started over the console, guided and answered on the board itself, recorded here."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable
from typing import Any

from host_tools.boards import Board
from host_tools.errors import CheYouError
from host_tools.flash.advice import advice
from host_tools.flash.console import Console
from host_tools.flash.ports import Port
from protocol.diagnosis import broker_state, wifi_state
from provisioning.reports import Report, Step
from provisioning.units import Unit

# What the help desk would make of a step that failed: a field of its diagnosis, and that field's state.
_STATES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "wifi": ("wifi", lambda values: wifi_state(values.get("cause"), values.get("dbm"))),
    "link": ("wifi", lambda values: wifi_state(values.get("cause"), None)),
    "broker": ("broker", lambda values: broker_state(False, values.get("fault"), 0)),
}

Progress = Callable[[float, str], None]
# The longest the board may be silent: it waits up to three minutes for the technician's answer.
_SILENCE_S = 200.0
TITLES = {
    "display": "Display pattern", "keypad": "Every key", "buzzer": "Buzzer", "lights": "LEDs", "flash": "Flash",
    "memory": "Heap", "clock": "Clock chip", "wifi": "Wi-Fi level", "link": "Ethernet link", "broker": "Broker",
    "training": "Training redemption",
}  # fmt: skip


def run(port: Port, unit: Unit | None, board: Board, progress: Progress, steps: tuple[str, ...] = ()) -> Report:
    """Carry out the self-test and return its report; `CheYouError` when it could not be carried out.

    `unit` is whom the board should be; None for whoever it is.
    """
    other, own = ("wifi", "link") if board.ethernet else ("link", "wifi")
    if other in steps:
        raise CheYouError(f"{board.name} has no step {other}", f"the one for its network is `--step {own}`")
    said: dict[str, Any] = {}
    done: list[Step] = []

    def hear(line: str) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            return  # a driver's own words
        if not isinstance(found, dict):
            return
        if "at" in found:
            progress(found["done"] / max(found["of"], 1), f"self-test: {TITLES.get(found['at'], found['at'])}")
        elif "step" in found:
            done.append(step(found))
        else:
            said.update(found)

    with Console(port) as console:
        console.fresh()
        arguments = f"{int(time.time())}, {steps!r}" if steps else f"{int(time.time())}"
        try:
            console.follow(f"from firmware import service\nservice.self_test({arguments})", hear, _SILENCE_S)
        finally:
            console.restart()
    if "end" not in said:
        raise CheYouError(f"the self-test on {port.device} ended early", "run `cheyou selftest` again")
    terminal = said.get("terminal", "")
    if unit is not None and terminal != unit.identity.terminal_id:
        raise CheYouError(
            f"the board on {port.device} says it is {terminal or 'nobody'}, not {unit.identity.terminal_id}",
            "run `cheyou flash --provision` again",
        )
    firmware = f"{said.get('version', '?')} on {said.get('board', board.name)}"
    return Report("selftest", terminal or said["mac"], said["mac"], board.name, firmware, tuple(done), by=who())


def failure(report: Report, again: str) -> CheYouError:
    """What a report that did not pass says, and what to do about it before the command `again`."""
    failed = [step for step in report.steps if step.passed is False]
    states = {
        field: state(step.values) for step in failed for name, (field, state) in _STATES.items() if step.name == TITLES[name]
    }
    known = [f"{item.cause}: {item.next_step}" for item in advice(states)]
    steps = ", ".join(f"{step.name} ({step.detail})" for step in failed)
    todo = "; ".join(known) or "mend that (the wiring: docs/boards)"
    return CheYouError(f"{report.subject} ({report.mac}) failed its self-test: {steps}", f"{todo}, then {again}")


def step(found: dict[str, Any]) -> Step:
    """A step of the report from what the board said of it."""
    name = TITLES.get(found["step"], found["step"])
    return Step(name, found["passed"], found["detail"], found["values"])


def who() -> str:
    """Who is at the bench, for reports."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
