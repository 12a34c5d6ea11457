"""A cashier signs in: the PIN says who it is. A page of the desk, opened by the first digit."""

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE, NEXT

_SHOWN_FOR_S = 4
_PAD = "firmware.terminal.pin_pad"


class SignIn:
    """Asks for the PIN, greets, and leaves; the next customer's first digit needs no key before it."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._seconds = 0
        self._pad = overlay.load(_PAD).PinPad(terminal, "", terminal.settings.cashier_of)

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        if not self._pad:
            return NEXT
        right = self._pad.key(key)
        if right is False:
            return LEAVE
        cashier = self._pad.cashier
        if cashier is None:
            # The settings cannot be read, which are the list's key too: said as it is said to a customer.
            self._terminal.screens.show_reason("list_missing")
            self._terminal.signals.give("invalid")
        elif cashier:
            self._terminal.cashier = cashier
            self._terminal.screens.show("signed_in", cashier=cashier)
            self._terminal.signals.give("saved")
        else:
            return
        self._pad = None

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if not self._pad:
            return LEAVE if self._seconds >= _SHOWN_FOR_S else None
        self._pad.show()
        return LEAVE if self._seconds >= IDLE_AFTER_S else None

    def leave(self):
        """The page is left."""
        overlay.drop(_PAD, "firmware.terminal.sign_in")
