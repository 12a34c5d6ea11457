"""Asks for the supervisor's PIN. Loaded for as long as it is asked."""

from protocol import pin

_MOST_WAIT_S = 512


class PinPad:
    """``proof``: what the PIN has to give (`protocol.pin.proof`), "" when there is none. Draws itself; whoever has it hands on
    keys and seconds."""

    def __init__(self, terminal, proof):
        self._terminal = terminal
        self._proof = proof
        self._digits = ""
        self.show()

    def show(self):
        """Draw it; also once a second, for who waits."""
        show = self._terminal.screens.show
        wait = self._wait()
        if not self._proof:
            show("pin_none")
        elif wait:
            show("pin_wrong", seconds=wait)
        else:
            show("pin", stars="*" * len(self._digits))

    def key(self, key):
        """A key has been pressed: None to go on, True when the PIN was right, False when it is given up."""
        if key == "*":
            if not self._digits:
                return False
            self._digits = self._digits[:-1]
        elif self._wait() or not self._proof:
            return
        elif key == "#":
            if self._keyed():
                return True
        elif key.isdigit() and len(self._digits) < pin.MOST:
            self._digits += key
        self.show()

    def _keyed(self):
        terminal = self._terminal
        digest = pin.digest(terminal.settings.merchant_id, self._digits)
        self._digits = ""
        if pin.proof(terminal.key, digest) == self._proof:
            terminal.wrong_pins = 0
            return True
        terminal.wrong_pins += 1
        terminal.wrong_pin_at = terminal.second + 1
        terminal.signals.give("error")

    def _wait(self):
        """Seconds until the next try. Each wrong PIN doubles them: guessing four digits takes days. Leaving ends no wait."""
        wrong = self._terminal.wrong_pins
        wait = min(1 << wrong, _MOST_WAIT_S) if wrong else 0
        return max(0, wait - max(0, self._terminal.second - self._terminal.wrong_pin_at))
