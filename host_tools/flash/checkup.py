"""The diagnosis of a board over its console: the same code that its service menu shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from host_tools.errors import CheYouError
from host_tools.flash import fault_log
from host_tools.flash.console import Console
from host_tools.flash.ports import Port

_WAIT_S = 20  # for Wi-Fi and broker


@dataclass(frozen=True)
class Checkup:
    """`code` is the 12 digits; `facts` is what the board measured; `traceback` its last failure, as it kept it."""

    code: str
    facts: dict[str, Any]
    traceback: str


def look(port: Port, seconds: int = _WAIT_S) -> Checkup:
    """Ask the board how it is, and start it again. Its journal is only read."""
    said: dict[str, Any] = {}

    def hear(line: str) -> None:
        if line.startswith("{"):
            said.update(json.loads(line))

    with Console(port) as console:
        console.fresh()
        try:
            traceback = fault_log.read(console)
            console.follow(f"from firmware import service\nservice.diagnose({seconds})", hear, seconds + 30.0)
        finally:
            console.restart()
    if said.get("provisioned") is False:
        raise CheYouError(
            f"the board on {port.device} ({said.get('mac')}) has no identity", "give it one: `cheyou provision BATCH.CSV`"
        )
    if "code" not in said:
        raise CheYouError(f"the board on {port.device} did not say how it is", "press EN, wait five seconds and try again")
    return Checkup(said["code"], {k: v for k, v in said.items() if k not in ("end", "code")}, traceback)
