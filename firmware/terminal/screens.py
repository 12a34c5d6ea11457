"""What the display says: texts are data (`firmware/texts/`), this fills them in and hands the rows to the display."""

from protocol.month import civil


class Screens:
    """``texts`` is the language's dict; ``display`` takes one text a row."""

    def __init__(self, display, texts):
        self._display = display
        self.use(texts)

    def use(self, texts):
        """Switch to another language's ``texts``."""
        self.language = texts["language"]
        self._screens = texts["screens"]
        self._reasons = texts["reasons"]
        self._words = texts["words"]

    def word(self, name):
        """A single word in the cashier's language."""
        return self._words[name]

    def show(self, name, **fields):
        """Show the screen ``name``."""
        self._rows(self._screens[name], fields)

    def show_reason(self, reason, **fields):
        """Show why a check was refused, and the next step."""
        self._rows(self._reasons[reason], fields)

    def _rows(self, templates, fields):
        for row in range(self._display.rows):
            self._display[row] = templates[row].format(**fields) if row < len(templates) else ""


def dashed(month):
    """YYYYMM as ``2026-12``."""
    return "%04d-%02d" % (month // 100, month % 100)


def clock_text(time):
    """``14:32`` of Unix seconds."""
    _, _, _, hour, minute, _ = civil(time)
    return "%02d:%02d" % (hour, minute)


def date_text(time):
    """``12月01日`` of Unix seconds; the display has glyphs for 月 and 日."""
    _, month, day, _, _, _ = civil(time)
    return "%02d月%02d日" % (month, day)
