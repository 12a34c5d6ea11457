"""A few lines to scan the key matrix every 4 ms: a press counts when two scans in a row see it."""

from time import sleep_ms

from machine import Pin

ROWS = (13, 14, 27, 26)
COLUMNS = (36, 39, 34, 35)
KEYS = "123A456B789C*0#D"


class PlainKeys:
    def __init__(self, rows=ROWS, columns=COLUMNS):
        self._rows = [Pin(n, Pin.OPEN_DRAIN, value=1) for n in rows]
        self._columns = [Pin(n, Pin.IN) for n in columns]
        self._before = ""
        self._down = ""

    def scan(self):
        """The keys that connect now."""
        found = ""
        for r, row in enumerate(self._rows):
            row.value(0)
            for c, column in enumerate(self._columns):
                if not column.value():
                    found += KEYS[r * len(self._columns) + c]
            row.value(1)
        return found

    def pressed(self):
        """Wait for one scan and return the keys that have just gone down."""
        sleep_ms(4)
        now = self.scan()
        steady = "".join(k for k in now if k in self._before)
        fresh = "".join(k for k in steady if k not in self._down)
        self._down = "".join(k for k in KEYS if k in steady or (k in self._down and (k in now or k in self._before)))
        self._before = now
        return fresh
