"""The desk: what stands on the glass between customers, and who gets the keys.

A page is what a key leads to: a cashier who signs in (`sign_in`), a customer (`customer`, `redemption`), the cashier's menu
(`day_menu`, `recent`), the service menu (`menu`). Each is loaded when it is entered and forgotten when it is left. It has
``key(key)``, and ``tick()`` once a second; both say whether it is left: `STAY` (or None), `LEAVE`, `NEXT` when the key already
belongs to the next customer, or the page that takes over: its part, its class, what that is made with beside the terminal. Then
``leave()`` ends it and forgets its module.
Nothing here waits (docs/desk.md draws the states).
"""

from firmware.terminal import overlay
from firmware.terminal.screens import clock_text
from protocol.member import masked

STAY, LEAVE, NEXT = range(3)
_CUSTOMER = "firmware.terminal.customer", "Customer"
_SIGN_IN = "firmware.terminal.sign_in", "SignIn"
_DAY = "firmware.terminal.day_menu", "DayMenu"
_MENU = "firmware.terminal.menu", "Menu"

# A customer who has gone must not leave a number on the glass, nor a half-made redemption under the next one's key.
IDLE_AFTER_S = 60
_LAST_FOR_S = 8


class Desk:
    """``terminal`` has the parts that a page may need: see `Terminal`. ``page``: the one that is open, None at idle."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._screens = terminal.screens
        self._signals = terminal.signals
        self.page = None
        self._seconds = 0
        self._last_for = 0
        self._show_idle()

    def key(self, kind, key):
        """A key has been pressed (``press``) or held for a second (``hold``)."""
        if self.page:
            if kind == "press":
                self._after(self.page.key(key), key)
        elif kind == "hold":
            if key in "*D#":
                self._terminal.lists.is_busy = True
                self._open(*(_DAY if key == "#" else _MENU))
        elif key.isdigit():
            self._serve(key)
        elif self._last_for or self._terminal.signed_out():
            self._to_idle()
        else:
            self._signals.give("error")
            self._last_for = _LAST_FOR_S
            self._screens.show("help")

    def tick(self):
        """A second has passed."""
        self._signals.tick()
        if self.page:
            self._after(self.page.tick(), "")
            return
        self._seconds += 1
        if self._last_for:
            self._last_for -= 1
        else:
            self._show_idle()

    def recall(self, record):
        """Answer "did it go through?" after a restart: ``record`` is the last one saved."""
        self._last_for = _LAST_FOR_S
        self._screens.show("last", time=clock_text(record.time), sequence=record.sequence, masked=masked(str(record.member)))

    def _serve(self, key):
        self._close()
        self._last_for = 0
        self._terminal.lists.is_busy = True
        self._open(*(_SIGN_IN if self._terminal.signed_out() else _CUSTOMER))
        if self.page:
            self.page.key(key)

    def _after(self, left, key):
        if left == NEXT and key.isdigit():
            self._serve(key)
        elif left in (LEAVE, NEXT):
            self._to_idle()
        elif left:
            self.page.leave()
            self.page = None  # its code is gone before the next one's comes: there is no room for both
            self._open(*left)

    def _open(self, part, page, *arguments):
        try:
            self.page = getattr(overlay.load(part), page)(self._terminal, *arguments)
        except MemoryError:
            # Nothing was begun yet: once more from idle, which a restart would take ten times as long for.
            overlay.drop(part)
            self._to_idle()
            self._signals.give("error")

    def _close(self):
        if self.page:
            self.page.leave()
            self.page = None
        self._signals.dark()

    def _to_idle(self):
        self._close()
        self._terminal.lists.is_busy = False
        self._last_for = 0
        self._show_idle()

    def _show_idle(self):
        terminal = self._terminal
        now = terminal.clock.now()
        if now is None:
            return self._screens.show("idle_unset")
        level = terminal.journal.level
        # The warning takes turns with the prompt, four seconds each: both are needed.
        if self._seconds & 4:
            if level >= 80:
                return self._screens.show("idle_full", level=level)
            if terminal.list_is_old():
                return self._screens.show("idle_old")
        net = self._screens.word("online" if terminal.online() else "offline")
        name = "idle_signed_out" if terminal.signed_out() else "idle_training" if self._screens.training else "idle"
        self._screens.show(name, date=self._screens.date(now), time=clock_text(now), net=net)
