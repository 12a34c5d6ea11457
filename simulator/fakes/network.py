"""network as on the ESP32, for a Wi-Fi station and a wire: the host models the radio, this asks it.

The wire is the same link without name and key: out of reach is a pulled plug. Not imitated: access-point mode, scanning, both
at once, power saving, DHCP options, static addresses (they are accepted).
"""

from _bench import W, call, _fetch

_LINK = const(4)

STA_IF = 0
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
PHY_LAN8720 = 1
ETH_DISCONNECTED = 4
ETH_GOT_IP = 5


def _radio(op, a=0, data=b""):
    try:
        return call(op, a, 0, data)
    except OSError as e:
        # esp_exceptions() gives words, not numbers.
        raise OSError("Wifi Not Started" if e.errno == 19 else "Wifi Internal State Error")


class WLAN:
    PM_NONE = 0

    def __init__(self, interface_id=STA_IF):
        if interface_id != STA_IF:
            raise ValueError("the bench has no access point")

    def active(self, on=-1):
        return bool(call(30, on))

    def connect(self, ssid="", key="", *, bssid=None):
        _radio(31, 0, ssid.encode() + b"\0" + key.encode())

    def disconnect(self):
        _radio(32)

    def isconnected(self):
        return bool(W[_LINK])

    def status(self, what=None):
        return call(33) if what is None else call(35) - 200

    def config(self, what=None, **settings):
        if what == "mac":
            import machine

            return machine.unique_id()
        if what:
            return call(35) - 200 if what == "rssi" else None
        if "reconnects" in settings:
            call(34, settings["reconnects"])

    def ifconfig(self, fixed=None):
        if fixed is None:
            return ("10.10.0.2", "255.255.255.0", "10.10.0.1", "10.10.0.1") if W[_LINK] else ("0.0.0.0",) * 4  # noqa: S104


def __getattr__(name):
    if name == "LAN":
        return _fetch("_lan", name)
    raise AttributeError(name)
