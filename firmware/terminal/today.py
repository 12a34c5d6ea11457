"""Today's totals by offer and tier, and the close of the day: the centre's count beside ours. A page of the desk."""

import asyncio

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE
from protocol import messages
from protocol.day import DAY_S, Day, are_totals, date_of
from protocol.month import day_starts
from protocol.record import REDEMPTION, VOID

COUNTING, SUMS, SENDING, ASKED, CLOSED, SAID = range(6)

_TURN_S = 2
_SEND_WITHIN_S = 30
_ANSWER_WITHIN_S = 12
_ASK_AGAIN_S = 4
_CATALOGUE = "firmware.terminal.catalogue"


class Today:
    """``#`` goes through offers and tiers, ``1`` to the day before and back, ``0`` closes the day."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._screens = terminal.screens
        self._today = day_starts(terminal.clock.now() or 0)
        self._begin(self._today)

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        if key == "*":
            return LEAVE
        if self.state == SUMS and key == "0":
            return self._send()
        if self.state == SUMS and key == "1":
            return self._begin(2 * self._today - DAY_S - self._since)
        if self.state == SAID:
            self._enter(SUMS)
        elif self.state in (SUMS, CLOSED) and key == "#":
            self._at = (self._at + 1) % (len(self._names) + 1)
        else:
            return self._terminal.signals.give("error")
        self._show()

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if self.state == SENDING:
            self._sending()
        elif self.state == ASKED:
            self._asked()
        elif self._seconds >= IDLE_AFTER_S:
            return LEAVE
        elif self.state in (SUMS, CLOSED):
            self._show()

    def leave(self):
        """The page is left."""
        self._since = None
        self._terminal.courier.closed = None
        overlay.drop(_CATALOGUE, "firmware.terminal.today")

    # Counting

    def _begin(self, since):
        self._since = since
        self._day = Day()
        self._names = ()
        self._at = 0
        self._first = self._upto = 0
        self._enter(COUNTING)
        self._screens.show("counting")
        if self._terminal.clock.now() is None:
            return self._say("idle_unset")
        asyncio.create_task(self._count(since))

    async def _count(self, since):
        # A record at a time, so that the keypad gets its turn; the journal may be used meanwhile.
        for record in self._terminal.journal.history(None, since):
            await asyncio.sleep_ms(0)
            if self._since != since:
                break
            if record and since <= record.time < since + DAY_S:
                if record.epoch == self._terminal.journal.epoch:
                    self._first = record.sequence
                    self._upto = self._upto or record.sequence
                if record.kind in (REDEMPTION, VOID):
                    self._day.take(record)
        else:
            self._names = sorted(self._day.totals)
            self._enter(SUMS)
            self._show()
        record = self = None  # a task that has ended keeps its locals

    # Closing

    def _send(self):
        if not self._terminal.online():
            return self._say("close_offline")
        self._terminal.courier.closed = False
        self._enter(SENDING)
        self._sending()

    def _sending(self):
        waiting = self._terminal.journal.waiting
        if self._seconds >= _SEND_WITHIN_S:
            return self._say("close_waits", waiting=waiting)
        self._screens.show("closing", waiting=waiting)
        if not waiting:
            self._enter(ASKED)
            self._ask()

    def _ask(self):
        day = self._day
        body = messages.encode(
            "day", day=date_of(self._since), epoch=self._terminal.journal.epoch, first=self._first, upto=self._upto,
            cashier=self._terminal.cashier, paid=day.paid, returned=day.returned, totals=day.totals,
        )  # fmt: skip
        self._terminal.courier.send("day", body)

    def _asked(self):
        told = self._terminal.courier.closed
        if told and told["day"] == date_of(self._since) and are_totals(told["totals"]):
            return self._compare(told)
        if self._seconds >= _ANSWER_WITHIN_S:
            self._say("close_silent")
        elif self._seconds % _ASK_AGAIN_S == 0:
            self._ask()

    def _compare(self, told):
        day = self._day
        self._told = told
        if self._since == self._today:
            self._terminal.cashier = 0  # the day is over
        # What is missing first: it explains the rest.
        self._names = [gap for gap in told["missing"] if type(gap) is list and len(gap) == 2] + day.differing(told["totals"])
        if not self._names and (day.paid, day.returned) != (told["paid"], told["returned"]):
            self._names = [None]
        self._at = 0
        self._enter(CLOSED)
        self._terminal.signals.give("invalid" if self._names else "saved")
        self._show()

    # The glass

    def _show(self):
        show = self._screens.show
        count, voids = self._day.sums()
        date = date_of(self._since)
        day = "%02d-%02d" % (date // 100 % 100, date % 100)
        if self._at == 0:
            if self.state == SUMS:
                name = "today_keys" if self._seconds // _TURN_S & 1 else "today"
            else:
                name = "close_differs" if self._names else "close_agrees"
            return show(name, day=day, count=count, voids=voids, sum=yuan(self._day.paid - self._day.returned))
        what = self._names[self._at - 1]
        if what is None:
            ours, theirs = self._day.paid - self._day.returned, self._told["paid"] - self._told["returned"]
            return show("differs_money", sum=yuan(ours), sum2=yuan(theirs))
        if type(what) is list:
            return show("differs_missing", first=what[0], sequence=what[1])
        label, tier = self._labels(what)
        count, voids = self._day.totals.get(what, (0, 0))
        if self.state == SUMS:
            return show("today_offer", label=label, tier=tier, count=count, voids=voids)
        theirs = self._told["totals"].get(what, (0, 0))
        which = int(count == theirs[0])
        show("differs_void" if which else "differs", label=label, tier=tier, count=(count, voids)[which], count2=theirs[which])

    def _labels(self, name):
        number, _, tier = name.partition("/")
        catalogue = self._terminal.settings.catalogue()
        offer = catalogue.offer(int(number))
        tier = self._screens.label(*catalogue.tier_label(int(tier)))
        overlay.drop(_CATALOGUE)
        return self._screens.label(offer.label if offer else {}, number), tier

    def _say(self, screen, **fields):
        self._terminal.courier.closed = None
        self._enter(SAID)
        self._screens.show(screen, **fields)
        self._terminal.signals.give("error")

    def _enter(self, state):
        self.state = state
        self._seconds = 0


def yuan(fen):
    """Fen as ``35.00``, below nothing with a minus sign."""
    return "%s%d.%02d" % ("-" if fen < 0 else "", abs(fen) // 100, abs(fen) % 100)
