"""What the display says: texts are data (`firmware/texts/`), this fills them in and hands the rows to the display."""

from protocol.month import civil


class Screens:
    """``display`` shows lists of rows; ``texts`` has them (`Texts`)."""

    def __init__(self, display, texts):
        self._display = display
        self.training = None  # or `training.mark`
        self.texts = texts
        self.use = texts.use
        display.glyphs(texts.bitmap)

    def word(self, name):
        """A single word in the cashier's language."""
        return self.texts.rows("words/" + name)[0]

    def label(self, labels, name):
        """What a tier or an offer is called here: its label in the cashier's language or in English, whichever this display can
        show, or else its ``name``. ``labels`` are by language."""
        for language in (self.texts.language, "en"):
            text = self.texts.local(labels.get(language, ""))
            if text:
                return text
        return name

    def show(self, name, **fields):
        """Show the screen ``name``."""
        self._rows("screens/" + name, fields)

    def show_reason(self, reason, **fields):
        """Show why a check was refused, and the next step."""
        self._rows("reasons/" + reason, fields)

    def date(self, time):
        """Month and day of Unix seconds, as the cashier writes them."""
        _, month, day, _, _, _ = civil(time)
        return self.word("date").format(month=month, day=day)

    def _rows(self, name, fields):
        rows = [row.format(**fields) for row in self.texts.rows(name)]
        if self.training:
            self.training(self, name, rows, fields)
        self._display.show(rows)


def dashed(month):
    """YYYYMM as ``2026-12``."""
    return "%04d-%02d" % (month // 100, month % 100)


def clock_text(time):
    """``14:32`` of Unix seconds."""
    _, _, _, hour, minute, _ = civil(time)
    return "%02d:%02d" % (hour, minute)
