"""The cashier's menu: what there is to do beside serving customers. A page of the desk, opened by holding ``#``."""

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE


class DayMenu:
    """A digit chooses."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._seconds = 0
        terminal.screens.show("day_menu")

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        if key == "1":
            return overlay.load("firmware.terminal.recent").Recent(self._terminal)
        if key == "2":
            return overlay.load("firmware.terminal.today").Today(self._terminal)
        if key == "*":
            return LEAVE
        self._terminal.signals.give("error")

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        return LEAVE if self._seconds >= IDLE_AFTER_S else None

    def leave(self):
        """The page is left."""
        overlay.drop("firmware.terminal.day_menu")
