"""The service menu: what the terminal knows of itself, page by page, and the date for a supervisor to key.

Opened by holding ``*`` (or ``D``); ``#`` turns the page, ``*`` leaves, ``0`` asks for the date.
"""

from firmware.terminal.screens import clock_text
from protocol import pin
from protocol.member import masked
from protocol.month import civil, days_from_civil, unix
from protocol.record import CLOCKS

PAGES, PIN, WAIT, DATE, DONE = range(5)
_SHOW_S = 4


class Menu:
    """``facts()`` gives the fields of the status screens, ``code()`` the digits to read out to the help desk; ``till`` records a
    date set by hand."""

    def __init__(self, screens, key, settings, clock, journal, till, facts, code):
        self._screens = screens
        self._key = key
        self._settings = settings
        self._clock = clock
        self._journal = journal
        self._till = till
        self._facts = facts
        self._code = code
        self._until = 0
        self._state = PAGES
        self._page = 0
        self._digits = ""
        self._show_page()

    def tick(self, seconds):
        """A second has passed, ``seconds`` since the last key; True when the menu is left by itself."""
        if self._state == PAGES:
            self._show_page()
        elif self._state == WAIT and seconds >= self._until:
            self._ask_pin()
        return self._state == DONE and seconds >= _SHOW_S

    def key(self, key):
        """A key; True when it leaves the menu."""
        if self._state == PAGES:
            if key == "#":
                self._page = (self._page + 1) % 5
            elif key == "0":
                return self._ask_pin()
            else:
                return True
            self._show_page()
        elif self._state in (PIN, DATE):
            if key == "*":
                if not self._digits:
                    return True
                self._digits = self._digits[:-1]
            elif key == "#":
                return self._pin_keyed() if self._state == PIN else self._date_keyed()
            elif key.isdigit() and len(self._digits) < 12:
                self._digits += key
            self._show_digits()
        elif self._state == DONE:
            return True
        return False

    def _show_page(self):
        if self._page == 3:
            return self._show_last()
        if self._page == 4:
            digits = self._code()
            return self._screens.show("code", code="%s %s %s" % (digits[:4], digits[4:8], digits[8:]))
        names = ("status_network", "status_list", "status_terminal")
        self._screens.show(names[self._page], clock=CLOCKS[self._clock.source], **self._facts())

    def _show_last(self):
        """Answers "did it go through?" after any restart."""
        for record in self._journal.last(1):
            offer = self._settings.offer(record.offer)
            label = self._screens.label(offer.label if offer else {}, str(record.offer))
            self._screens.show(
                "last", masked=masked(str(record.member)), time=clock_text(record.time), offer=label, sequence=record.sequence
            )
            return
        self._screens.show("last_none")

    def _ask_pin(self):
        self._state = PIN
        self._digits = ""
        self._show_digits()

    def _show_digits(self):
        if self._state == PIN:
            self._screens.show("pin", stars="*" * len(self._digits))
        else:
            self._screens.show("date", date=self._digits + "_" * (12 - len(self._digits)))

    def _pin_keyed(self):
        proof = pin.proof(self._key, pin.digest(self._settings.merchant_id, self._digits))
        self._digits = ""
        if self._settings.pin and proof == self._settings.pin:
            self._till.wrong_pins = 0
            self._state = DATE
            self._show_digits()
            return False
        # Each wrong PIN doubles the wait, so that guessing four digits takes days.
        self._till.wrong_pins += 1
        self._until = min(1 << self._till.wrong_pins, 512)
        self._state = WAIT
        self._screens.show("pin_wrong", seconds=self._until)
        return False

    def _date_keyed(self):
        time = parse_date(self._digits)
        self._digits = ""
        if time is None or not self._clock.set_by_supervisor(time):
            self._screens.show("date_wrong")
            return False
        self._till.date_set()
        self._state = DONE
        year, month, day, hour, minute, _ = civil(time)
        self._screens.show("date_set", date="%04d-%02d-%02d %02d:%02d" % (year, month, day, hour, minute))
        return False


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
