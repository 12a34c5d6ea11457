"""The service menu: what the terminal knows of itself, page by page, and the date for a supervisor to key.

Opened by holding ``*`` (or ``D``); ``#`` turns the page, ``*`` leaves; ``0`` asks for the date,
``1`` for language and sound, ``2`` shows the network.
"""

from firmware.terminal import overlay
from firmware.terminal.desk import LEAVE, STAY
from firmware.terminal.journal import JournalFull
from firmware.terminal.screens import clock_text
from protocol.member import masked
from protocol.month import civil, days_from_civil, unix
from protocol.record import CLOCKS

PAGES, PIN, DATE, DONE = range(4)
# Pages that say the same as long as they are looked at; the others are drawn anew each second.
_STILL = (3, 4, 6)
_SHOW_S = 4
_IDLE_AFTER_S = 60
_PAD = "firmware.terminal.pin_pad"
_HEALTH = "firmware.terminal.health"


class Menu:
    """A page of the desk; ``terminal``: see `Terminal`."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._screens = terminal.screens
        self._clock = terminal.clock
        self._seconds = 0
        self._state = PAGES
        self._page = 0
        self._digits = ""
        self._show_page()

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if self._state == PAGES and self._page not in _STILL:
            self._show_page()
        elif self._state == PIN:
            self._pad.show()
        elif self._state == DONE and self._seconds >= _SHOW_S:
            return LEAVE
        return LEAVE if self._seconds >= _IDLE_AFTER_S else STAY

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        if self._state == PAGES:
            if key == "#":
                self._page = (self._page + 1) % 7
            elif key == "0":
                return self._ask_pin()
            elif key == "1":
                return "firmware.terminal.preferences", "Preferences"
            elif key == "2":
                return "firmware.terminal.network_page", "NetworkPage"
            else:
                return LEAVE
            self._show_page()
        elif self._state == PIN:
            right = self._pad.key(key)
            if right:
                self._state = DATE
                self._digits = ""
                self._show_digits()
            return LEAVE if right is False else STAY
        elif self._state == DATE:
            if key == "*":
                if not self._digits:
                    return LEAVE
                self._digits = self._digits[:-1]
            elif key == "#":
                return self._date_keyed()
            elif key.isdigit() and len(self._digits) < 12:
                self._digits += key
            self._show_digits()
        elif self._state == DONE:
            return LEAVE
        return STAY

    def leave(self):
        """The page is left."""
        overlay.drop("firmware.terminal.till", "firmware.terminal.catalogue", _PAD, "firmware.terminal.menu")

    def _show_page(self):
        if self._page == 3:
            return self._show_last()
        if self._page == 4:
            return self._show_code()
        if self._page == 5:
            journal = self._terminal.journal
            received = max(0, journal.sequence - journal.waiting)
            return self._screens.show("status_received", received=received, sequence=journal.sequence)
        if self._page == 6:
            return self._screens.show("service_keys")
        names = ("status_network", "status_list", "status_terminal")
        terminal = self._terminal
        _, age, members = terminal.lists.now()
        self._screens.show(
            names[self._page], clock=CLOCKS[self._clock.source], rssi=terminal.wifi.rssi() or 0, waiting=terminal.journal.waiting,
            net=self._screens.word("online" if terminal.online() else "offline"), list=members, age=age // 86_400,
            level=terminal.journal.level, terminal=terminal.name, version=terminal.version,
        )  # fmt: skip

    def _show_code(self):
        terminal = self._terminal
        digits = overlay.load(_HEALTH).code(
            terminal.wifi, terminal.uplink, terminal.clock, terminal.lists, terminal.settings, terminal.journal,
            terminal.courier.forks, terminal.boot, terminal.version,
        )  # fmt: skip
        overlay.drop(_HEALTH)
        self._screens.show("code", code="%s %s %s" % (digits[:4], digits[4:8], digits[8:]))

    def _show_last(self):
        """Answers "did it go through?" after any restart."""
        for record in self._terminal.journal.last(1):
            offer = self._terminal.settings.catalogue().offer(record.offer)
            label = self._screens.label(offer.label if offer else {}, str(record.offer))
            self._screens.show(
                "last", masked=masked(str(record.member)), time=clock_text(record.time), offer=label, sequence=record.sequence
            )
            return
        self._screens.show("last_none")

    def _ask_pin(self):
        self._state = PIN
        self._pad = overlay.load(_PAD).PinPad(self._terminal, self._terminal.settings.pin)

    def _show_digits(self):
        self._screens.show("date", date=self._digits + "_" * (12 - len(self._digits)))

    def _date_keyed(self):
        time = parse_date(self._digits)
        self._digits = ""
        if time is None or not self._clock.set_by_supervisor(time):
            return self._screens.show("date_wrong")
        try:
            overlay.load("firmware.terminal.till").Till(self._terminal).date_set()
        except JournalFull:
            return self._screens.show("full")
        except OSError:
            return self._screens.show("not_saved")
        self._state = DONE
        year, month, day, hour, minute, _ = civil(time)
        self._screens.show("date_set", date="%04d-%02d-%02d %02d:%02d" % (year, month, day, hour, minute))


def parse_date(digits):
    """Unix seconds of ``YYYYMMDDhhmm`` in China Standard Time, or None when there is no such minute."""
    if len(digits) != 12:
        return None
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute = int(digits[8:10]), int(digits[10:])
    if not (2020 <= year <= 2099 and 1 <= month <= 12 and day >= 1 and hour < 24 and minute < 60):
        return None
    following = (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)
    if day > days_from_civil(*following) - days_from_civil(year, month, 1):
        return None
    return unix(year, month, day, hour, minute)
