"""Who the customer is: number → month (→ other month), then the page `redemption` takes over.

Loaded with the first digit. Nothing here waits: each key leaves a named state (docs/desk.md draws them).
"""

import asyncio

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE, STAY
from firmware.terminal.screens import dashed
from protocol.member import DIGITS, grouped
from protocol.month import month_of, nearest

NUMBER, MONTH, OTHER_MONTH = range(3)


class Customer:
    """A page of the desk."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._screens = terminal.screens
        self._signals = terminal.signals
        self._presses = self._key_number, self._key_month, self._key_other_month
        self._number = self._digits = ""
        self._found = self._this_month = None
        self._enter(NUMBER)

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        return self._presses[self.state](key)

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        return LEAVE if self._seconds >= IDLE_AFTER_S else STAY

    def leave(self):
        """The page is left."""
        overlay.drop("firmware.terminal.customer")

    # The states' keys

    def _key_number(self, key):
        if key.isdigit():
            # One digit too many is let in, so that a number with twelve is refused as such and not silently cut.
            if len(self._digits) > DIGITS:
                return self._signals.give("error")
            self._digits += key
        elif key == "*":
            self._digits = self._digits[:-1]
            if not self._digits:
                return LEAVE
        elif key == "#":
            return self._number_keyed()
        else:
            return self._signals.give("error")
        self._signals.give("key")
        self._screens.show("number", number=grouped(self._digits))

    def _number_keyed(self):
        self._number, self._digits = self._digits, ""
        now = self._terminal.clock.now()
        # A malformed number or an unset clock is refused by the chain at once: the month screen could say nothing.
        if len(self._number) != DIGITS or now is None:
            return self._go_on(0, True)
        self._this_month = month_of(now)
        # While the cashier reads the message.
        self._found = asyncio.create_task(self._terminal.lists.find(self._this_month, int(self._number)))
        self._enter(MONTH)
        self._screens.show("month", month=dashed(self._this_month))
        self._signals.give("key")

    def _key_month(self, key):
        if key == "#":
            return self._go_on(self._this_month, True)
        if key == "1":
            self._enter(OTHER_MONTH)
            self._screens.show("other_month", digits="__")
            self._signals.give("key")
        elif key == "2":
            return self._go_on(self._this_month, False)
        elif key == "*":
            self._digits = self._number
            self._enter(NUMBER)
            self._screens.show("number", number=grouped(self._digits))
        else:
            self._signals.give("error")

    def _key_other_month(self, key):
        if key.isdigit() and len(self._digits) < 2:
            self._digits += key
        elif key == "*" and self._digits:
            self._digits = self._digits[:-1]
        elif key == "*":
            self._enter(MONTH)
            return self._screens.show("month", month=dashed(self._this_month))
        elif key == "#" and len(self._digits) == 2:
            month, self._digits = int(self._digits), ""
            return self._go_on(nearest(month, self._terminal.clock.now()) if 1 <= month <= 12 else 0, True)
        else:
            return self._signals.give("error")
        self._signals.give("key")
        self._screens.show("other_month", digits=(self._digits + "__")[:2])

    def _go_on(self, month, sender):
        found = self._found
        if found and (month != self._this_month or not found.done()):
            # What is still being looked up is begun anew: there is no room for that and the next page at once.
            found.cancel()
            self._terminal.lists.forget()
            found = None
        return "firmware.terminal.redemption", "Redemption", self._number, month, sender, found

    def _enter(self, state):
        self.state = state
        self._seconds = 0
