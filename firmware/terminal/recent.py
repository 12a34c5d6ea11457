"""The last redemptions, one after the other, newest first; a supervisor can take one back. A page of the desk."""

import asyncio

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE
from firmware.terminal.journal import JournalFull
from firmware.terminal.screens import clock_text
from protocol.member import masked
from protocol.month import civil, day_starts
from protocol.record import REDEMPTION, TRAINING, VOID

MOST = 20
_SHOWN_FOR_S = 4
_TURN_S = 2
_PAD = "firmware.terminal.pin_pad"
_TILL = "firmware.terminal.till"
_CATALOGUE = "firmware.terminal.catalogue"


class Recent:
    """``#`` goes to the one before, ``0`` takes back the one that is shown. ``searching``: for the one before."""

    def __init__(self, terminal):
        self._terminal = terminal
        self._screens = terminal.screens
        self._pad = None
        self._begin()

    def key(self, key):
        """A key has been pressed."""
        if self._seconds < IDLE_AFTER_S:  # else it is as good as left
            self._seconds = 0
        if self._pad:
            right = self._pad.key(key)
            if right is not None:
                self._pad = None
                overlay.drop(_PAD)
                self._void() if right else self._show()
        elif self._stays:
            self._stays = 0
            self._show()
        elif key == "*":
            return LEAVE
        elif key == "#":
            if not self.searching:
                self._older() if self._shown else self._begin()
        elif key == "0" and self._shown:
            self._ask()
        else:
            self._terminal.signals.give("error")

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if self._pad:
            self._pad.show()
        elif self._stays:
            self._stays -= 1
        elif self._seconds >= IDLE_AFTER_S:
            return LEAVE
        else:
            self._show()
        return LEAVE if self._seconds >= 2 * IDLE_AFTER_S else None

    def leave(self):
        """The page is left."""
        self.searching = False
        self._records = None
        overlay.drop(_PAD, _TILL, _CATALOGUE, "firmware.terminal.recent")

    def _begin(self):
        # Newest first: whoever is taken back has been seen to be when its turn comes.
        self._records = self._terminal.journal.history()
        self._voided = []
        self._count = 0
        self._older()

    def _older(self):
        self._shown = None
        self._seconds = self._stays = 0
        self.searching = self._count < MOST
        if self.searching:
            asyncio.create_task(self._search())
        else:
            self._show()

    async def _search(self):
        # A record at a time, so that the keypad gets its turn.
        record = None
        try:
            for record in self._records:
                await asyncio.sleep_ms(0)
                if not self.searching:
                    break
                if record and record.kind == VOID:
                    self._voided.append((record.link_epoch, record.link))
                elif record and record.kind == REDEMPTION:
                    await overlay.bring(_CATALOGUE)
                    self._shown = record
                    break
            if self.searching:
                self._found()
        except MemoryError:
            self.searching = False
            self._shown = None
            if self._records:
                self._seconds = IDLE_AFTER_S  # with the next second it is left
                self._terminal.signals.give("error")
        overlay.drop(_CATALOGUE)
        record = self = None  # a task that has ended keeps its locals

    def _found(self):
        self.searching = False
        record = self._shown
        if record:
            self._count += 1
            offer = self._terminal.settings.catalogue().offer(record.offer)
            self._label = self._screens.label(offer.label if offer else {}, str(record.offer))
        self._show()

    def _show(self):
        record = self._shown
        if self.searching:
            return
        if record is None:
            return self._screens.show("recent_end" if self._count else "last_none")
        mark = "voided" if self._is_void() else "trained" if record.flags & TRAINING else ""
        _, month, day, _, _, _ = civil(record.time)
        now = self._terminal.clock.now()
        today = now is not None and record.time >= day_starts(now)
        self._screens.show(
            "recent_keys" if self._seconds // _TURN_S & 1 else "recent",
            masked=masked(str(record.member)), label=self._label, sequence=record.sequence,
            mark=self._screens.word(mark) if mark else "", when=clock_text(record.time) if today else "%02d-%02d" % (month, day),
        )  # fmt: skip

    def _is_void(self):
        return (self._shown.epoch, self._shown.sequence) in self._voided

    def _ask(self):
        if self._is_void():
            return self._say("void_twice")
        if self._terminal.clock.now() is None:
            return self._say("idle_unset")
        if bool(self._shown.flags & TRAINING) != bool(self._screens.training):
            return self._say("void_other")
        self._pad = overlay.load(_PAD).PinPad(self._terminal, self._terminal.settings.pin)

    def _void(self):
        record = self._shown
        try:
            overlay.load(_TILL).Till(self._terminal).void(record)
        except JournalFull:
            return self._say("full")
        except OSError:
            return self._say("not_saved")
        overlay.drop(_TILL)
        self._voided.append((record.epoch, record.sequence))
        self._say("voided", "saved")

    def _say(self, screen, sound="error"):
        self._stays = _SHOWN_FOR_S
        self._screens.show(screen, sequence=self._shown.sequence, masked=masked(str(self._shown.member)))
        self._terminal.signals.give(sound)
