"""network.LAN: see `network`."""

from _bench import W, call
from network import ETH_DISCONNECTED, ETH_GOT_IP, PHY_LAN8720, WLAN, _radio

_LINK = const(4)


class LAN:
    def __init__(
        self, id=None, *, mdc, mdio, power=None, phy_type, phy_addr, ref_clk=None, ref_clk_mode=None, spi=None, cs=None, int=None
    ):
        if phy_type != PHY_LAN8720 or not 0 <= phy_addr < 32:
            raise ValueError("no such PHY")

    def active(self, on=None):
        was = bool(call(30, -1 if on is None else on))
        if on:
            try:
                _radio(31)  # joins by itself, and again after every pulled plug
            except OSError:
                pass
        return was

    def isconnected(self):
        return bool(W[_LINK])

    def status(self, what=None):
        return ETH_GOT_IP if W[_LINK] else ETH_DISCONNECTED

    ifconfig = WLAN.ifconfig
