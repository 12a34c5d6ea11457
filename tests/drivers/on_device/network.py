"""A Wi-Fi station, and a wired interface, whose fate a test scripts. Do not upload.

Not imitated: radio, time of any step, codes other than the ESP32 port's `status()`.
"""

STA_IF = 0


class WLAN:
    """`fate` is what the next connect() leads to: 1010 joined, 1001 still trying, any other a cause."""

    def __init__(self, interface):
        self.calls = []
        self.state = 1000
        self.fate = 1010
        self.options = {}

    def active(self, on):
        self.calls.append("active")

    def config(self, **options):
        self.options.update(options)

    def connect(self, ssid, psk):
        if self.state in (1001, 1010):
            raise OSError("Wifi Internal State Error")
        self.calls.append("connect")
        self.state = self.fate

    def disconnect(self):
        self.calls.append("disconnect")
        self.state = 1000

    def isconnected(self):
        return self.state == 1010

    def status(self, what=None):
        return -61 if what == "rssi" else self.state

    def ifconfig(self):
        return ("10.0.0.5", "255.255.255.0", "10.0.0.1", "10.0.0.53")


PHY_LAN8720 = 1


class LAN:
    def __init__(self, **settings):
        self.settings = settings
        self.is_active = False
        self.eth_status = 1  # network.ETH_STARTED

    def active(self, on):
        self.is_active = on

    def isconnected(self):
        return self.eth_status == 5

    def status(self):
        return self.eth_status

    def ifconfig(self):
        return ("10.0.0.5", "255.255.255.0", "10.0.0.1", "10.0.0.53")
