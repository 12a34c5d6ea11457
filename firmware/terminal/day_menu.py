"""The cashier's menu: what there is to do beside serving customers. A page of the desk, opened by holding ``#``."""

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE, NEXT

_SHOWN_FOR_S = 4
_TURN_S = 2
_TRAINING = "firmware.terminal.training"


class DayMenu:
    """A digit chooses. Who has not signed in is told to, and a digit begins that."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._seconds = 0
        self._last_s = IDLE_AFTER_S
        self._show()

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        if self._terminal.signed_out():
            return NEXT
        if key == "*" or self._last_s < IDLE_AFTER_S:
            return LEAVE
        if key == "1":
            return "firmware.terminal.recent", "Recent"
        if key == "2":
            return "firmware.terminal.today", "Today"
        if key == "3":
            return self._train()
        if key == "4" and self._terminal.cashier:
            self._terminal.cashier = 0
            return LEAVE
        self._terminal.signals.give("error")

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if self._last_s == IDLE_AFTER_S:
            self._show()
        return LEAVE if self._seconds >= self._last_s else None

    def leave(self):
        """The page is left."""
        overlay.drop("firmware.terminal.day_menu")

    def _show(self):
        if self._terminal.signed_out():
            return self._terminal.screens.show("help_signed_out")
        cashier = self._terminal.cashier
        turn = cashier and self._seconds // _TURN_S & 1
        self._terminal.screens.show("day_menu_out" if turn else "day_menu", cashier=cashier)

    def _train(self):
        screens = self._terminal.screens
        screens.training = None if screens.training else overlay.load(_TRAINING).mark
        overlay.drop(_TRAINING)  # what is in use of it stays
        screens.show("training_on" if screens.training else "training_off")
        self._terminal.signals.give("ask")
        self._last_s = _SHOWN_FOR_S
