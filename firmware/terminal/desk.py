"""The cashier's screens as an explicit state machine: one row of `_STATES` a state, one method a state's keys.

idle → number → month (→ other month) (→ offer) → checking → verdict (→ repeat) → saved → idle. Nothing here waits: keys,
verdicts and seconds come in by `key`, `_decided` and `tick`, and each leaves the desk in a named state (docs/desk.md draws it).
"""

import asyncio

from firmware.terminal.journal import JournalFull
from firmware.terminal.screens import clock_text, dashed
from protocol.member import DIGITS, grouped, masked
from protocol.month import month_of, nearest
from protocol.reasons import VALID

IDLE, NUMBER, MONTH, OTHER_MONTH, OFFER, CHECKING, VALID_SHOWN, REPEAT, REFUSED, SAVED, MENU = range(11)

# A customer who has gone must not leave a number on the glass, nor a half-made redemption under the next one's key.
IDLE_AFTER_S = 60
SAVED_FOR_S = 8

SOUNDS = {
    "key": ((2400, 15),),
    "valid": ((2000, 90), (0, 40), (2600, 120)),
    "invalid": ((500, 350),),
    "ask": ((1200, 80), (0, 60), (1200, 80)),
    "error": ((300, 120), (0, 60), (300, 120)),
    "saved": ((2600, 60),),
}


class Desk:
    """``checks`` gives verdicts, ``till`` saves what came of them, ``terminal`` has the menu; the rest is glass and keys."""

    def __init__(self, screens, lamps, buzzer, clock, settings, checks, till, terminal):
        self._screens = screens
        self._lamps = lamps
        self._buzzer = buzzer
        self._clock = clock
        self._settings = settings
        self._checks = checks
        self._till = till
        self._terminal = terminal
        self._menu = None
        self._presses = {
            IDLE: self._key_idle, NUMBER: self._key_number, MONTH: self._key_month, OTHER_MONTH: self._key_other_month,
            OFFER: self._key_offer, CHECKING: self._key_none, VALID_SHOWN: self._key_valid, REPEAT: self._key_repeat,
            REFUSED: self._key_done, SAVED: self._key_done, MENU: self._key_menu,
        }  # fmt: skip
        self._seconds = 0
        self._digits = ""
        self._task = None
        self._to_idle()

    # What comes in

    def key(self, kind, key):
        """A key has been pressed (``press``) or held for a second (``hold``)."""
        self._seconds = 0
        if kind == "hold":
            if key in "*D" and self.state in (IDLE, NUMBER):
                self._enter(MENU)
                self._menu = self._terminal.open_menu()
            return
        self._presses[self.state](key)

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if self.state == IDLE:
            self._show_idle()
        elif self.state == MENU:
            if self._menu.tick(self._seconds) or self._seconds >= IDLE_AFTER_S:
                self._to_idle()
        elif self.state != CHECKING and self._seconds >= (SAVED_FOR_S if self.state == SAVED else IDLE_AFTER_S):
            self._to_idle()

    def recall(self, record):
        """Answer "did it go through?" after a restart: ``record`` is the last one saved."""
        self._enter(SAVED)
        self._screens.show("last", time=clock_text(record.time), sequence=record.sequence, masked=masked(str(record.member)))

    # The states' keys

    def _key_idle(self, key):
        if key.isdigit():
            self._enter(NUMBER)
            self._digits = ""
            self._key_number(key)
        else:
            self._buzz("error")

    def _key_number(self, key):
        if key.isdigit():
            # One digit too many is let in, so that a number with twelve is refused as such and not silently cut.
            if len(self._digits) > DIGITS:
                return self._buzz("error")
            self._digits += key
        elif key == "*":
            self._digits = self._digits[:-1]
            if not self._digits:
                return self._to_idle()
        elif key == "#":
            return self._number_keyed()
        else:
            return self._buzz("error")
        self._buzz("key")
        self._screens.show("number", number=grouped(self._digits))

    def _number_keyed(self):
        self._number, self._digits = self._digits, ""
        now = self._clock.now()
        # A malformed number or an unset clock is refused by the chain at once: the month screen could say nothing.
        if len(self._number) != DIGITS or now is None:
            return self._check(0, True)
        self._this_month = month_of(now)
        self._enter(MONTH)
        self._screens.show("month", month=dashed(self._this_month))
        self._buzz("key")

    def _key_month(self, key):
        if key == "#":
            self._ask_offer(self._this_month, True)
        elif key == "1":
            self._enter(OTHER_MONTH)
            self._screens.show("other_month", digits="__")
            self._buzz("key")
        elif key == "2":
            self._ask_offer(self._this_month, False)
        elif key == "*":
            self._digits = self._number
            self._enter(NUMBER)
            self._screens.show("number", number=grouped(self._digits))
        else:
            self._buzz("error")

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
            return self._ask_offer(nearest(month, self._clock.now()) if 1 <= month <= 12 else 0, True)
        else:
            return self._buzz("error")
        self._buzz("key")
        self._screens.show("other_month", digits=(self._digits + "__")[:2])

    def _ask_offer(self, month, sender):
        offers = self._settings.offers
        if len(offers) < 2:
            return self._check(month, sender)
        self._asked = month, sender
        self._page = 0
        self._enter(OFFER)
        self._show_offers()

    def _show_offers(self):
        shown = self._settings.offers[self._page : self._page + 2]
        labels = [(str(self._page + at + 1), self._screens.label(offer.label, "?")) for at, offer in enumerate(shown)]
        (digit, label), (digit2, label2) = (labels + [("", "")])[:2]
        self._screens.show("offer", digit=digit, label=label, digit2=digit2, label2=label2)

    def _key_offer(self, key):
        offers = self._settings.offers
        if key.isdigit() and 1 <= int(key) <= len(offers):
            self._check(self._asked[0], self._asked[1], offers[int(key) - 1])
        elif key == "#":
            self._page = (self._page + 2) if self._page + 2 < len(offers) else 0
            self._show_offers()
        elif key == "*":
            self._to_idle()
        else:
            self._buzz("error")

    def _key_none(self, key):
        # A key pressed before the verdict is on the glass must not redeem what nobody has read yet.
        pass

    def _key_valid(self, key):
        if key == "#":
            if self._verdict.ask_online:
                self._verdict.ask_online = False
                self._screens.show("ask_online")
                return self._buzz("ask")
            if self._verdict.earlier is None:
                return self._redeem(False)
            self._enter(REPEAT)
            self._screens.show("repeat", time=clock_text(self._verdict.earlier))
            self._buzz("ask")
        elif key == "*":
            self._leave()
        else:
            self._buzz("error")

    def _key_repeat(self, key):
        if key == "#":
            self._redeem(True)
        elif key == "*":
            self._leave()
        else:
            self._buzz("error")

    def _key_done(self, key):
        # The next customer's first digit needs no key before it.
        self._to_idle()
        if key.isdigit():
            self._key_idle(key)

    def _key_menu(self, key):
        if self._menu.key(key):
            self._to_idle()

    # What happens

    def _check(self, month, sender, offer=None):
        if offer is None:
            offer = self._settings.offers[0] if self._settings.offers else None
        self._enter(CHECKING)
        self._screens.show("checking", masked=masked(self._number))
        self._task = asyncio.create_task(self._decide(month, sender, offer))

    async def _decide(self, month, sender, offer):
        self._decided(await self._checks.check(self._number, sender, month, offer))

    def _decided(self, verdict):
        self._seconds = 0
        self._verdict = verdict
        tier = self._screens.label(*self._settings.tier_label(verdict.tier))
        if verdict.reason == VALID:
            self._enter(VALID_SHOWN)
            self._percent = verdict.offer.percent(self._settings.tier_name(verdict.tier))
            path = self._screens.word("by_centre" if verdict.online else "by_list")
            self._screens.show("valid", tier=tier, percent=self._percent, path=path)
            self._signal(True)
            return
        self._till.refuse(verdict)
        self._enter(REFUSED)
        now = self._clock.now()
        period = verdict.offer.period if verdict.offer and verdict.offer.period else "day"
        self._screens.show_reason(
            verdict.reason,
            month=dashed(month_of(now)) if now else "",
            tier=tier,
            used=verdict.used,
            period=self._screens.word(period),
        )
        self._signal(False)

    def _redeem(self, again):
        try:
            sequence = self._till.redeem(self._verdict, again)
        except JournalFull:
            return self._not_saved("full")
        except OSError:
            return self._not_saved("not_saved")
        # Only now, with the record on flash, does the display say so (law 1).
        self._enter(SAVED)
        self._screens.show("saved", sequence=sequence, masked=masked(self._number), percent=self._percent)
        self._buzz("saved")

    def _not_saved(self, screen):
        self._enter(REFUSED)
        self._screens.show(screen)
        self._signal(False)

    def _leave(self):
        self._enter(REFUSED)
        self._screens.show("left", masked=masked(self._number))

    def _signal(self, valid):
        self._lamps.green(valid)
        self._lamps.red(not valid)
        self._buzz("valid" if valid else "invalid")

    def _buzz(self, sound):
        self._buzzer.play(SOUNDS[sound])

    def _enter(self, state):
        self.state = state
        self._seconds = 0
        if state not in (REPEAT, SAVED):
            self._lamps.green(False)
            self._lamps.red(False)

    def _to_idle(self):
        if self._menu:
            self._menu = None
            self._terminal.close_menu()
        self._enter(IDLE)
        self._number = self._digits = ""
        self._verdict = None
        self._show_idle()

    def _show_idle(self):
        now = self._clock.now()
        if now is None:
            return self._screens.show("idle_unset")
        level = self._till.level
        # The warning takes turns with the prompt, four seconds each: both are needed.
        if level >= 80 and self._seconds & 4:
            return self._screens.show("idle_full", level=level)
        if self._terminal.list_is_old() and self._seconds & 4:
            return self._screens.show("idle_old")
        net = self._screens.word("online" if self._terminal.online() else "offline")
        self._screens.show("idle", date=self._screens.date(now), time=clock_text(now), net=net)
