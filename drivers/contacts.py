"""From readings of a key matrix to presses: debouncing and the ambiguity of three keys, without a pin or a clock."""

_WINDOW_MS = 6


def keys_of(rows, columns):
    """The mask of closed keys (bit r × columns + c) from a list of integers, one a row, bit c set where column c connects.

    None when the reading proves nothing. Without diodes, three keys on the corners of a rectangle connect the fourth, and three
    corners alone can only be read while a contact changes between one row and the next.
    """
    mask = 0
    for index, row in enumerate(rows):
        for other in rows[:index]:
            either = row | other
            if row & other and either & (either - 1):
                return None
        mask |= row << index * columns
    return mask


class Contacts:
    """Debounces masks of closed keys.

    A press counts at the first mask that holds the key alone: after a stall of 45 ms (a flash erase) little is left of a press
    of 60 ms, so the caller reads twice before it feeds anything new, and no more is asked. Beside another key it takes two
    masks in a row, for there a ghost is possible. A key counts as released when it was open for 12 to 18 ms; contacts that
    bounce for less give one press.
    """

    def __init__(self):
        self.down = 0
        self._before = 0
        self._window = 0
        self._window_before = 0
        self._age = 0

    def feed(self, mask, elapsed):
        """Take a mask, `elapsed` ms after the last one; return the mask of keys pressed just now.

        `down` is the mask of all pressed keys. None for a mask means unknown: what is down stays down, nothing new is taken.
        """
        if mask is None:
            self._before = 0
            self._window = self.down
            return 0
        self._window |= mask
        self._age += elapsed
        if self._age >= _WINDOW_MS:
            self.down &= self._window | self._window_before
            self._window_before = self._window
            self._window = self._age = 0
        pressed = mask & ~self.down
        if mask & (mask - 1):
            pressed &= self._before
        self.down |= pressed
        self._before = mask
        return pressed
