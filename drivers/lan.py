"""A wired network by the ESP32's own Ethernet interface and a LAN8720. It stands in for `Wifi`: same questions, same answers."""

import asyncio

import network
from machine import Pin
from micropython import const

_WATCH_MS = const(250)
_ETH_CONNECTED = const(3)  # a link; `LAN.status()` goes on to 5 with an address


class Lan:
    """``mdc``, ``mdio``, ``ref_clk`` and ``power`` are GPIO numbers, ``power`` None where nothing switches the PHY; ``address``:
    the PHY's. `cause` is why there is no network, in the numbers of `Wifi`: 1001 no link, 1010 no address yet,
    0 none: there is one."""

    def __init__(self, mdc, mdio, ref_clk, power, address):
        self._nic = network.LAN(
            mdc=Pin(mdc), mdio=Pin(mdio), power=None if power is None else Pin(power), phy_type=network.PHY_LAN8720,
            phy_addr=address, ref_clk=Pin(ref_clk), ref_clk_mode=Pin.IN,
        )  # fmt: skip
        self.cause = 1001

    def start(self, ssid=None, psk=None):
        """Switch it on, before the loop starts: the PHY takes a while. Name and key of a Wi-Fi network mean nothing here."""
        self._nic.active(True)

    def connected(self):
        return self._nic.isconnected()

    def name(self):
        """What to call it."""
        return "Ethernet"

    def address(self):
        """Ours, as text."""
        return self._nic.ifconfig()[0]

    def rssi(self):
        """A cable has no signal strength."""

    def dns(self):
        """The name server's address as text."""
        return self._nic.ifconfig()[3]

    async def run(self):
        """The port brings the link back by itself; all there is to do is to say how it stands."""
        while True:
            linked = self._nic.status() == _ETH_CONNECTED
            self.cause = 0 if self._nic.isconnected() else 1010 if linked else 1001
            await asyncio.sleep_ms(_WATCH_MS)
