"""How the network is, in words: its name, its signal, and what keeps the terminal from the centre. A page of the desk."""

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE

_HEALTH = "firmware.terminal.health"


class NetworkPage:
    """The service menu hands over to it; any key leaves."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._seconds = 0
        self._show()

    def key(self, key):
        """A key has been pressed."""
        return LEAVE

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        self._show()
        return LEAVE if self._seconds >= IDLE_AFTER_S else None

    def leave(self):
        """The page is left."""
        overlay.drop(_HEALTH, "firmware.terminal.network_page")

    def _show(self):
        terminal = self._terminal
        rssi = terminal.wifi.rssi()
        screens = terminal.screens
        name = terminal.wifi.name()
        screens.show(
            "network", ssid=screens.label({"en": name}, "?"), rssi="--" if rssi is None else rssi,
            cause=screens.word(overlay.load(_HEALTH).network(terminal.wifi, terminal.uplink)),
        )  # fmt: skip
