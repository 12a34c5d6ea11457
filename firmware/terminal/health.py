"""How the terminal is, as the 12 digits of `protocol/diagnosis.py`: for the service menu, and for a technician's tool."""

from firmware.terminal.files import LAST_FAULT
from protocol import diagnosis
from protocol.record import CLOCKS

# machine.reset_cause() of the ESP32 port after the watchdog bit
_WATCHDOG = 3
_SIGNS = (("MemoryError", "memory"), ("JournalForeign", "journal_mount"), ("OSError", "flash_read"))


def code(wifi, uplink, clock, lists, settings, journal, forks, boot, version):
    """The code now. ``lists`` may be None where none are kept; ``boot`` is the cause of the last reset."""
    return diagnosis.code(
        diagnosis.wifi_state(wifi.cause, wifi.rssi()), diagnosis.broker_state(uplink.connected, uplink.fault, uplink.sessions),
        CLOCKS[clock.source], _list(lists, clock),
        diagnosis.journal_state(journal.waiting, journal.level, journal.damaged, forks),
        "retried" if journal.damaged else "ok", version, _fault(settings, boot),
    )  # fmt: skip


def network(wifi, uplink):
    """The word of the texts for what stands between the terminal and the centre, ``net_…`` or ``centre_…``."""
    if not wifi.connected():
        return "net_" + diagnosis.wifi_state(wifi.cause, None)
    broker = diagnosis.broker_state(uplink.connected, uplink.fault, uplink.sessions)
    return "net_" + diagnosis.wifi_state(None, wifi.rssi() or 0) if broker == "ok" else "centre_" + broker


def _list(lists, clock):
    if lists is None:
        return "none"
    version, age, _ = lists.now()
    if not version:
        return "none"
    if clock.now() is not None and lists.is_past("refuse", age):
        return "too_old"
    return "old" if lists.is_past("warn", age) else "ok"


def _fault(settings, boot):
    """The last thing that went wrong; the traceback that the last failure left tells most."""
    try:
        with open(LAST_FAULT) as file:
            text = file.read()
    except OSError:
        text = ""
    for sign, name in _SIGNS:
        if sign in text:
            return name
    if text:
        return "program"
    if settings.damaged:
        return "settings"
    return "watchdog" if boot == _WATCHDOG else "none"
