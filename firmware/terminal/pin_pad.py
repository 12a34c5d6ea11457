"""Asks for a PIN, the supervisor's or a cashier's. Loaded for as long as it is asked."""

from protocol import pin

_MOST_WAIT_S = 512


class PinPad:
    """``proof``: what the supervisor's PIN has to give (`protocol.pin.proof`), "" when there is none; or ``whose``, which finds a
    cashier's: the number that belongs to a proof, 0 for none, None where that cannot be said, kept as ``cashier``. Draws itself;
    whoever has it hands on keys and seconds."""

    def __init__(self, terminal, proof, whose=None):
        self._terminal = terminal
        self._proof = proof
        self._whose = whose
        self._at = 2 if whose else 0  # in the terminal's `wrong_pins`
        self._digits = ""
        self.cashier = 0
        self.show()

    def show(self):
        """Draw it; also once a second, for who waits."""
        show = self._terminal.screens.show
        wait = self._wait()
        if not (self._proof or self._whose):
            show("pin_none")
        elif wait:
            show("pin_wrong", seconds=wait)
        else:
            show("sign_in" if self._whose else "pin", stars="*" * len(self._digits))

    def key(self, key):
        """A key has been pressed: None to go on, True when the PIN was right, False when it is given up."""
        if key == "*":
            if not self._digits:
                return False
            self._digits = self._digits[:-1]
        elif self._wait() or not (self._proof or self._whose):
            return
        elif key == "#":
            if self._digits and self._keyed():
                return True
        elif key.isdigit() and len(self._digits) < pin.MOST:
            self._digits += key
        self.show()

    def _keyed(self):
        terminal = self._terminal
        proof = pin.proof(terminal.key, pin.digest(terminal.settings.merchant_id, self._digits))
        self._digits = ""
        if self._whose:
            # A right one takes nothing off the wait: whoever tries for somebody else's could key his own in between.
            self.cashier = self._whose(proof)
            if self.cashier != 0:
                return self.cashier
        elif proof == self._proof:
            terminal.wrong_pins[0] = 0
            return True
        terminal.wrong_pins[self._at] = self._wrong() + 1
        terminal.wrong_pins[self._at + 1] = terminal.second + 1
        terminal.signals.give("error")

    def _wrong(self):
        """Wrong ones that count: each is forgotten after the longest wait, one after the other."""
        return max(0, self._terminal.wrong_pins[self._at] - self._since() // _MOST_WAIT_S)

    def _wait(self):
        """Seconds until the next try. Each wrong PIN doubles them: guessing four digits takes days. Leaving ends no wait."""
        wrong = self._terminal.wrong_pins[self._at]
        return max(0, min(1 << wrong, _MOST_WAIT_S) - self._since()) if wrong else 0

    def _since(self):
        return max(0, self._terminal.second - self._terminal.wrong_pins[self._at + 1])
