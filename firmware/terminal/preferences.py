"""What a supervisor chooses at the terminal itself: its language, and whether it is quiet. Kept across restarts.

A page of the desk that the service menu hands over to: PIN, then ``1`` for the next language, ``2`` for the sound.
`firmware/main.py` reads the file at the start.
"""

import os

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE
from firmware.terminal.files import PREFERENCES

_PAD = "firmware.terminal.pin_pad"
# Writing takes some 100 ms, in which no key is heard: not while somebody presses one after the other.
_KEEP_AFTER_S = 2


class Preferences:
    """``path``: the file, a line of language and ``full`` or ``quiet``."""

    def __init__(self, terminal, path=PREFERENCES):
        self._screens = terminal.screens
        self._signals = terminal.signals
        self._path = path
        self._unkept = False
        self._seconds = 0
        self._pad = overlay.load(_PAD).PinPad(terminal, terminal.settings.pin)

    def key(self, key):
        """A key has been pressed."""
        self._seconds = 0
        if self._pad:
            right = self._pad.key(key)
            if right is False:
                return LEAVE
            if not right:
                return
            self._pad = None
        elif key == "1":
            texts = self._screens.texts
            languages = texts.languages
            self._screens.use(languages[(languages.index(texts.language) + 1) % len(languages)])
            self._unkept = True
        elif key == "2":
            self._signals.quiet = not self._signals.quiet
            self._signals.give("saved")  # so it sounds from now on
            self._unkept = True
        elif key == "*":
            return LEAVE
        else:
            return self._signals.give("error")
        sound = self._screens.word("sound_quiet" if self._signals.quiet else "sound_full")
        self._screens.show("preferences", tongue=self._screens.word("tongue"), sound=sound)

    def tick(self):
        """A second has passed."""
        self._seconds += 1
        if self._pad:
            self._pad.show()
        elif self._seconds == _KEEP_AFTER_S:
            self._keep()
        return LEAVE if self._seconds >= IDLE_AFTER_S else None

    def leave(self):
        """The page is left."""
        self._keep()
        overlay.drop(_PAD, "firmware.terminal.preferences")

    def _keep(self):
        if not self._unkept:
            return
        self._unkept = False
        # A rename is atomic in littlefs: a power cut leaves what was chosen before, or this.
        try:
            with open(self._path + ".new", "w") as file:
                file.write(self._screens.texts.language + (" quiet" if self._signals.quiet else " full"))
            os.rename(self._path + ".new", self._path)
        except OSError:
            self._signals.give("error")  # it counts until the next start
