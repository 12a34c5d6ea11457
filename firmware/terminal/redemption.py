"""A redemption: (offer →) checking → valid (→ repeat) (→ amount) → saved, or refused. Takes over from the page `customer`.

Nothing here waits: keys, the verdict and seconds come in by `key`, `_decided` and `tick`, and each leaves a named state
(docs/desk.md draws them).
"""

import asyncio

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE, NEXT, STAY
from firmware.terminal.journal import JournalFull
from firmware.terminal.screens import clock_text, dashed
from protocol.member import masked
from protocol.month import month_of
from protocol.reasons import VALID

CHECKING, OFFER, VALID_SHOWN, REPEAT, REFUSED, SAVED, AMOUNT = range(7)

_SAVED_FOR_S = 8
_CHECKS = "firmware.terminal.checks"
_TILL = "firmware.terminal.till"
_PRICE = "firmware.terminal.price"
_CATALOGUE = "firmware.terminal.catalogue"


class Redemption:
    """A page of the desk. ``number`` (str), ``month`` (YYYYMM; 0 for none, which the chain refuses at once) and ``sender`` (bool)
    are to be checked; ``found`` is the task of `ListCache.find` for them if it was begun already, else None."""

    def __init__(self, terminal, number, month, sender, found):
        self._terminal = terminal
        self._screens = terminal.screens
        self._signals = terminal.signals
        self._number = number
        self._month = month
        self._sender = sender
        self._offer = self._price = self._found = None
        self._presses = (
            self._key_checking, self._key_offer, self._key_valid, self._key_repeat, self._key_done, self._key_done,
            self._key_amount,
        )  # fmt: skip
        self._catalogue = None
        self._typed = ""
        self._show_checking()
        asyncio.create_task(self._unless_short(self._begin(found)))

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        return self._presses[self.state](key)

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if self.state == SAVED and self._price and self._seconds % 2 == 0:
            self._price.remind(self._seconds // 2 - 1)
        if self.state == CHECKING or self._seconds < (_SAVED_FOR_S if self.state == SAVED else IDLE_AFTER_S):
            return STAY
        return LEAVE

    def leave(self):
        """The page is left."""
        overlay.drop(_TILL, _PRICE, _CATALOGUE, "firmware.terminal.redemption")

    # The states' keys

    def _key_checking(self, key):
        # A key pressed before the verdict is on the glass must not redeem what nobody has read yet; one that chooses an offer
        # before the offers are there counts.
        if self._catalogue is None:
            self._typed += key
        return STAY

    def _key_offer(self, key):
        offers = self._catalogue.offers
        if key.isdigit() and 1 <= int(key) <= len(offers):
            self._offer = offers[int(key) - 1]
            self._show_checking()
            asyncio.create_task(self._unless_short(self._check()))
        elif key == "#":
            self._page = (self._page + 2) if self._page + 2 < len(offers) else 0
            self._show_offers()
        elif key == "*":
            return LEAVE
        else:
            self._signals.give("error")

    def _key_valid(self, key):
        if key == "#":
            if self._verdict.ask_online:
                self._verdict.ask_online = False
                self._screens.show("ask_online")
                return self._signals.give("ask")
            if self._verdict.earlier is None:
                return self._redeem(False)
            self._enter(REPEAT)
            self._screens.show("repeat", time=clock_text(self._verdict.earlier))
            self._signals.give("ask")
        elif key == "*":
            self._leave()
        else:
            self._signals.give("error")

    def _key_repeat(self, key):
        if key == "#":
            self._redeem(True)
        elif key == "*":
            self._leave()
        else:
            self._signals.give("error")

    def _key_amount(self, key):
        if key == "*" and self._price.asks and not self._price.digits:
            return self._leave()
        done = self._price.key(key)
        if done:
            self._redeem(self._again)
        else:
            self._signals.give("error" if done is False else "key")

    def _key_done(self, key):
        # The next customer's first digit needs no key before it.
        return NEXT

    # What happens

    def _show_checking(self):
        self._enter(CHECKING)
        self._screens.show("checking", masked=masked(self._number))

    async def _unless_short(self, work):
        """Do ``work``; where memory does not suffice for it nothing was redeemed, and the display says so."""
        try:
            await work
        except MemoryError:
            self._leave()
            self._signals.give("error")

    async def _begin(self, found):
        # One after the other, for all of it together would be more than the heap has.
        if self._month:
            self._found = await (found or self._terminal.lists.find(self._month, int(self._number)))
        await overlay.bring(_CATALOGUE)
        self._catalogue = self._terminal.settings.catalogue()
        offers = self._catalogue.offers
        # What the chain refuses at once needs no choice.
        if len(offers) < 2 or not self._month:
            self._offer = offers[0] if offers else None
            return await self._check()
        self._page = 0
        self._enter(OFFER)
        self._show_offers()
        for key in self._typed:
            self._presses[self.state](key)

    def _show_offers(self):
        shown = self._catalogue.offers[self._page : self._page + 2]
        labels = [(str(self._page + at + 1), self._screens.label(offer.label, "?")) for at, offer in enumerate(shown)]
        (digit, label), (digit2, label2) = (labels + [("", "")])[:2]
        self._screens.show("offer", digit=digit, label=label, digit2=digit2, label2=label2)

    async def _check(self):
        self._catalogue.offers = ()  # room for what checks and redeems the one that is left
        await overlay.bring(_CHECKS)
        verdict = await overlay.load(_CHECKS).check(
            self._terminal, self._number, self._sender, self._month, self._offer, self._catalogue, self._found
        )
        overlay.drop(_CHECKS)
        await overlay.bring(_TILL)
        self._decided(verdict)

    def _decided(self, verdict):
        self._seconds = 0
        self._verdict = verdict
        catalogue = self._catalogue
        tier = self._screens.label(*catalogue.tier_label(verdict.tier))
        if self._screens.training:
            tier = self._screens.word("trained")
        self._till = overlay.load(_TILL).Till(self._terminal)
        if verdict.reason == VALID:
            self._enter(VALID_SHOWN)
            offer, name = self._offer, catalogue.tier_name(verdict.tier)
            path = self._screens.word("by_centre" if verdict.online else "by_list")
            if verdict.due or offer.ask_amount or offer.kind != "percent":
                self._price = overlay.load(_PRICE).Price(self._screens, offer, name, tier, verdict)
                self._price.show_valid(path)
            else:
                self._percent = offer.percent(name)
                self._screens.show("valid", tier=tier, percent=self._percent, path=path)
            return self._signals.give("valid")
        self._till.refuse(verdict)
        self._enter(REFUSED)
        now = self._terminal.clock.now()
        period = self._offer.period if self._offer and self._offer.period else "day"
        self._screens.show_reason(
            verdict.reason,
            month=dashed(month_of(now)) if now else "",
            tier=tier,
            used=verdict.used,
            period=self._screens.word(period),
        )
        self._signals.give("invalid")

    def _redeem(self, again):
        if self._price and self._price.asks:
            self._again = again
            self._enter(AMOUNT)
            return self._price.show_amount()
        try:
            sequence = self._till.redeem(self._verdict, again)
        except JournalFull:
            return self._not_saved("full")
        except OSError:
            return self._not_saved("not_saved")
        # Only now, with the record on flash, does the display say so (law 1).
        self._enter(SAVED)
        if self._price:
            self._price.show_saved(sequence, masked(self._number))
        else:
            self._screens.show("saved", sequence=sequence, masked=masked(self._number), percent=self._percent)
        self._signals.give("saved")

    def _not_saved(self, screen):
        self._enter(REFUSED)
        self._screens.show(screen)
        self._signals.give("invalid")

    def _leave(self):
        self._enter(REFUSED)
        self._screens.show("left", masked=masked(self._number))

    def _enter(self, state):
        self.state = state
        self._seconds = 0
        if state not in (REPEAT, SAVED):
            self._signals.dark()
