"""Serial ports a board may be on: USB adapters as the system lists them, and those named in CHEYOU_PORTS.

CHEYOU_PORTS holds further names, separated by commas: files (`/dev/cheyou/slot-*`, as udev rules name the slots of a rack),
pseudo-terminals and `socket://host:port`.
"""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from host_tools.errors import CheYouError

EXTRA = "CHEYOU_PORTS"
_LOOK_EVERY_S = 0.25
_PATIENCE_S = 2.0


@dataclass(frozen=True)
class Port:
    """A place to plug a board into. `adapter` names the USB adapter there, the same wherever it is plugged in."""

    device: str
    adapter: str
    title: str

    @property
    def short(self) -> str:
        """The name without its folder, for narrow columns."""
        return self.device if "://" in self.device else self.device.rpartition("/")[2]


def found() -> list[Port]:
    """The ports there are now that a board may be on, in the order of their names."""
    listed = [_listed(info) for info in list_ports.comports() if info.vid is not None]
    known = {port.device for port in listed}
    return sorted([*listed, *(_unlisted(name) for name in _extra() if name not in known)], key=lambda port: port.device)


def named(device: str) -> Port:
    """The port called `device`, listed or not; `CheYouError` when there is none."""
    for info in list_ports.comports():
        if info.device == device:
            return _listed(info)
    if "://" not in device and not os.path.exists(device):  # noqa: PTH110 - COM3 is no path
        raise CheYouError(f"there is no port {device}", "plug the board in and look at `cheyou ports`")
    return _unlisted(device)


def require_some() -> list[Port]:
    """`found`, or `CheYouError` when there are none."""
    ports = found()
    if not ports:
        raise CheYouError(
            "no board is plugged in", "plug one in with a USB cable that carries data, or name its port with --port"
        )
    return ports


def chosen(device: str | None) -> Port:
    """The port called `device`, or, without a name, the only one there is; `CheYouError` otherwise."""
    if device is not None:
        return named(device)
    there = require_some()
    if len(there) > 1:
        names = ", ".join(port.device for port in there)
        raise CheYouError(f"several boards are plugged in: {names}", "choose one with --port")
    return there[0]


def changes(stopped: Callable[[], bool]) -> Iterator[tuple[set[Port], set[Port]]]:
    """(appeared, gone), starting with all there are as appeared, then at every change until `stopped()`."""
    known: set[Port] = set()
    while not stopped():
        now = set(found())
        if now != known:
            yield now - known, known - now
            known = now
        time.sleep(_LOOK_EVERY_S)


def opened(device: str, baud: int = 115_200, patience_s: float = _PATIENCE_S) -> serial.Serial:
    """The port, open for this program alone; `CheYouError` says why it cannot be.

    A port that has just appeared is often held for a moment by programs that look for modems: a busy one is tried again.
    """
    end = time.monotonic() + patience_s
    while True:
        try:
            port: serial.Serial = serial.serial_for_url(device, baudrate=baud, exclusive=True, do_not_open=True)
            port.open()
            return port
        except (serial.SerialException, ValueError, OSError) as error:
            refusal = _refusal(device, error)
        if refusal.state != "busy" or time.monotonic() > end:
            raise refusal
        time.sleep(0.05)


def state(port: Port) -> str:
    """`free`, or why it cannot be opened: `busy`, `no permission`, `gone`."""
    try:
        opened(port.device, patience_s=0).close()
    except PortRefused as refused:
        return refused.state
    return "free"


class PortRefused(CheYouError):
    """The port cannot be opened; `state` is why, in a word."""

    def __init__(self, state: str, message: str, next_step: str) -> None:
        super().__init__(message, next_step)
        self.state = state


def _refusal(device: str, error: Exception) -> PortRefused:
    number = getattr(error, "errno", None)
    text = str(error)
    if number == 13 or "Permission" in text or "Access is denied" in text:
        return PortRefused(
            "no permission",
            f"no permission to open {device}",
            "join the group that owns it (Debian: sudo adduser $USER dialout), log in again and run the same command",
        )
    if number in (11, 16) or "lock" in text or "busy" in text:
        return PortRefused("busy", f"{device} is in use by another program", "close it there and run the same command again")
    if number in (2, 6, 19) or isinstance(error, FileNotFoundError) or "FileNotFound" in text:
        return PortRefused("gone", f"there is no port {device}", "plug the board in and look at `cheyou ports`")
    return PortRefused("unusable", f"{device} cannot be opened ({text})", "check the cable and the name")


def _extra() -> list[str]:
    names = []
    for entry in os.environ.get(EXTRA, "").replace("\n", ",").split(","):
        pattern = entry.strip()
        if pattern:
            names += [pattern] if "://" in pattern else sorted(glob.glob(pattern))  # noqa: PTH207 - absolute patterns
    return names


def _listed(info: ListPortInfo) -> Port:
    if info.vid is None:
        return _unlisted(info.device)
    adapter = f"{info.vid:04x}:{info.pid or 0:04x}" + (f":{info.serial_number}" if info.serial_number else "")
    return Port(info.device, adapter, info.product or info.description or adapter)


def _unlisted(device: str) -> Port:
    return Port(device, device, "named by hand")
